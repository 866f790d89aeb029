# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, bindings and questions of our own invention, the odd ones included, from a seed: the same in every run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import Authorizer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request, Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import GROUP, Identity

_API = "rbac.authorization.k8s.io"
_VERBS = [*["get", "list", "watch", "create", "update", "patch", "delete"] * 3, "deletecollection", "impersonate"]
_VERBS += ["bind", "escalate", "use", "*", "*", "GET", "Get", "", "proxy", "approve"]
_GROUPS = [*["", "apps", "batch"] * 3, "*", "rbac.authorization.k8s.io", "Apps", "extensions", "apps.example.com"]
_RESOURCES = [*["pods", "secrets", "deployments", "pods/log", "pods/exec", "deployments/scale"] * 2, "*", "*/log"]
_RESOURCES += ["*/scale", "*/*", "pods/*", "Pods", "PODS/LOG", "nodes/proxy", "serviceaccounts/token", "nodes", ""]
_RESOURCES += ["pods/", "/log", "services", "clusterroles", "*/", "pods/log/x", "**"]
_NAMES = ["", "a", "b", "A", "*", "web-0", "a*"]
_URLS = [
    "/healthz",
    "/healthz/*",
    "/api*",
    "*",
    "/metrics",
    "/logs/**",
    "/",
    "/openapi/v2*",
    "/Healthz",
    "/a/*/b",
    "**",
]
_URLS += ["/logs/**", "/logs/**", "/version**"]
_PATHS = [
    *_URLS,
    "/version",
    "/version/x",
    "/healthz/etcd",
    "/api",
    "/apis/apps",
    "/logs/",
    "/logs",
    "/logs/x",
    "/a/x/b",
    "healthz",
    "",
    "/apix",
]
_USERS = ["alice", "Alice", "bob", "system:anonymous", "bob:", "*", "jane@example.com", "system:node:node1"]
_TEAMS = ["devs", "Devs", "ops", "system:authenticated", "system:unauthenticated", "system:serviceaccounts", "*"]


class Invention:
    """Roles and bindings for some namespaces, and questions about them."""

    def __init__(self, seed: int, namespaces: Sequence[str]) -> None:
        self._random = random.Random(seed)
        self._namespaces = list(namespaces)
        self._prefix = f"invented-{namespaces[0]}"

    def objects(self, roles: int, bindings: int) -> list[dict[str, Any]]:
        """As many ClusterRoles as Roles, as many ClusterRoleBindings as RoleBindings."""
        made = [self._role(index, cluster=index % 2 == 0) for index in range(roles)]
        return made + [self._binding(index, roles, cluster=index % 2 == 0) for index in range(bindings)]

    def question(self, authorizer: Authorizer) -> tuple[Identity, Request]:
        """Half of the questions are any, the others are what some rule allows, with maybe one word changed."""
        if self._random.random() < 0.5:
            return self._identity(), self._request()
        binding = self._random.choice(authorizer.bindings)
        rules = authorizer.rules(binding.role)
        if not rules or not binding.counted:
            return self._identity(), self._request()
        subject = self._random.choice(binding.counted)
        identity = self._identity()
        if subject.kind == GROUP:
            identity = Identity(identity.username, frozenset([subject.name]))
        elif self._random.random() < 0.9:
            identity = Identity(subject.username, identity.groups)
        namespace = binding.namespace or self._random.choice(["", *self._namespaces])
        return identity, self._near(self._random.choice(rules), namespace)

    def _role(self, index: int, *, cluster: bool) -> dict[str, Any]:
        metadata = {"name": f"{self._prefix}-{index}"}
        if not cluster:
            metadata = {"name": f"{self._prefix}-{index}", "namespace": self._random.choice(self._namespaces)}
        rules = [self._rule(paths=cluster) for _each in range(self._random.randint(0, 4))]
        return {
            "apiVersion": f"{_API}/v1",
            "kind": "ClusterRole" if cluster else "Role",
            "metadata": metadata,
            "rules": rules,
        }

    def _rule(self, *, paths: bool) -> dict[str, list[str]]:
        verbs = self._some(_VERBS, 1)
        if paths and self._random.random() < 0.3:
            return {"verbs": verbs, "nonResourceURLs": self._some(_URLS, 1)}
        rule = {"verbs": verbs, "apiGroups": self._some(_GROUPS, 1), "resources": self._some(_RESOURCES, 1)}
        return {**rule, "resourceNames": self._some(_NAMES, 1)} if self._random.random() < 0.3 else rule

    def _binding(self, index: int, roles: int, *, cluster: bool) -> dict[str, Any]:
        namespace = self._random.choice(self._namespaces)
        to_role = not cluster and self._random.random() < 0.5
        # Beyond the last one: a role that does not exist.
        number = self._random.randrange(roles + 4)
        named = number - number % 2 + (1 if to_role else 0)
        return {
            "apiVersion": f"{_API}/v1",
            "kind": "ClusterRoleBinding" if cluster else "RoleBinding",
            "metadata": {"name": f"{self._prefix}-{index}", **({} if cluster else {"namespace": namespace})},
            "roleRef": {
                "apiGroup": _API,
                "kind": "Role" if to_role else "ClusterRole",
                "name": f"{self._prefix}-{named}",
            },
            "subjects": [self._subject(cluster=cluster) for _each in range(self._random.randint(0, 3))],
        }

    def _subject(self, *, cluster: bool) -> dict[str, str]:
        kind = self._random.choice(["User", "Group", "ServiceAccount"])
        if kind == "ServiceAccount":
            account = {"kind": kind, "name": self._random.choice(["default", "deployer"])}
            named = cluster or self._random.random() < 0.7
            return {**account, "namespace": self._random.choice(self._namespaces)} if named else account
        names = [*_USERS, f"system:serviceaccount:{self._namespaces[0]}:default"] if kind == "User" else _TEAMS
        return {"kind": kind, "apiGroup": _API, "name": self._random.choice(names)}

    def _identity(self) -> Identity:
        accounts = [
            f"system:serviceaccount:{namespace}:{name}"
            for namespace in self._namespaces
            for name in ("default", "deployer", "Default")
        ]
        groups = self._some([*_TEAMS, *(f"system:serviceaccounts:{name}" for name in self._namespaces), ""], 0)
        if self._random.random() < 0.01:
            groups.append("system:masters")
        return Identity(self._random.choice([*_USERS, *accounts, "stranger"]), frozenset(groups))

    def _request(self) -> Request:
        pick = self._random.choice
        if self._random.random() < 0.2:
            return Request(pick(_VERBS), path=pick(_PATHS))
        resource, _slash, subresource = pick(_RESOURCES).partition("/")
        if self._random.random() < 0.1:
            resource, subresource = f"{resource}/{subresource}", ""
        return Request(pick(_VERBS), resource, pick(_GROUPS), subresource, pick(_NAMES), pick(["", *self._namespaces]))

    def _near(self, rule: Rule, namespace: str) -> Request:
        pick = self._random.choice
        verb = pick([pick(rule.verbs), pick(_VERBS)]) if "*" in rule.verbs else pick(rule.verbs)
        if rule.urls:
            return Request(verb, path=pick(rule.urls).replace("*", pick(["", "x", "/y", "*"])))
        resource, _slash, subresource = pick(rule.resources).partition("/")
        request = Request(verb, resource, pick(rule.groups), subresource, pick(rule.names or ("", "a")), namespace)
        return replace(request, **pick([{}, {}, {}, {"name": "other"}, {"group": "apps"}, {"resource": "pods"}]))

    def _some(self, words: Sequence[str], least: int) -> list[str]:
        return self._random.sample(words, self._random.randint(least, 3))

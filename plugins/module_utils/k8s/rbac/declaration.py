# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a short declaration, of teams with their namespaces and profiles, to roles and bindings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.profiles import EXTRAS, PROFILES
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import ALL, Rule, rule_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    ANONYMOUS,
    AUTHENTICATED,
    GROUP,
    MASTERS,
    SERVICE_ACCOUNT,
    SERVICE_ACCOUNTS,
    UNAUTHENTICATED,
    Subject,
    subject_from,
)

API_GROUP = "rbac.authorization.k8s.io"
_API_VERSION = f"{API_GROUP}/v1"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# Whoever these are, they are no team.
_EVERYBODY = {ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, SERVICE_ACCOUNTS, MASTERS}
_TEAM_FIELDS = {"name", "subjects", "namespaces", "cluster_wide", "profiles", "extras"}
_RULE_FIELDS = {
    "api_groups": "apiGroups",
    "resource_names": "resourceNames",
    "non_resource_urls": "nonResourceURLs",
    **{name: name for name in ("apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs")},
}

Object = dict[str, Any]


def rbac_objects(
    teams: Sequence[Mapping[str, Any]],
    profiles: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    allow_wildcards: bool,
    prefix: str,
) -> list[Object]:
    """The objects that a declaration comes to: a ClusterRole for each profile in use, and a binding of each team.

    teams: {name, subjects: ["Group:devs"], namespaces: [name] or cluster_wide: true, profiles: [name], extras: [name]}.
    profiles: the user's own, name to rules. Raises K8sError, naming the team or the profile, for what is not sound.
    """
    known = {**PROFILES, **{name: _own_rules(name, rules, allow_wildcards) for name, rules in profiles.items()}}
    every = [_checked(team, number, known) for number, team in enumerate(teams)]
    doubled = {name for name in (team["name"] for team in every) if [team["name"] for team in every].count(name) > 1}
    if doubled:
        raise K8sError(f"teams: {min(doubled)} stands there twice")
    used = {(kind, name) for team in every for kind, name in _grants(team)}
    roles = [
        _role(_role_name(prefix, *grant), (known if grant[0] == "profile" else EXTRAS)[grant[1]])
        for grant in sorted(used)
    ]
    return [*roles, *(binding for team in every for binding in _bindings(team, prefix))]


def team_namespaces(teams: Sequence[Mapping[str, Any]]) -> list[str]:
    """The namespaces of all teams, each once."""
    return sorted({str(name) for team in teams for name in team.get("namespaces") or ()})


def _checked(team: Any, number: int, profiles: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(team, Mapping) or not isinstance(team.get("name"), str):
        raise K8sError(f"teams[{number}] has no name")
    where = f"team {team['name']}"
    unknown = sorted(set(team) - _TEAM_FIELDS)
    if unknown:
        raise K8sError(f"{where}: {unknown[0]!r} is none of {', '.join(sorted(_TEAM_FIELDS))}")
    if not _NAME.fullmatch(team["name"]):
        raise K8sError(f"{where}: a name is of small letters, digits and dashes, as of a namespace")
    checked = {"name": team["name"], "cluster_wide": bool(team.get("cluster_wide", False))}
    for field in ("subjects", "namespaces", "profiles", "extras"):
        checked[field] = _names(team.get(field), f"{where}: {field}")
    if bool(checked["namespaces"]) == checked["cluster_wide"]:
        raise K8sError(f"{where}: it needs either namespaces or cluster_wide: true")
    if not checked["subjects"] or not (checked["profiles"] or checked["extras"]):
        raise K8sError(f"{where}: it needs subjects, and profiles or extras")
    for field, choices in (("profiles", profiles), ("extras", EXTRAS)):
        for name in checked[field]:
            if name not in choices:
                raise K8sError(f"{where}: there is no {name!r} among the {field} {', '.join(sorted(choices))}")
    checked["subjects"] = [_subject(text, where) for text in checked["subjects"]]
    return checked


def _names(value: Any, where: str) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        raise K8sError(f"{where} is a list of names, not {value!r}")
    return list(dict.fromkeys(value))


def _subject(text: str, where: str) -> dict[str, str]:
    """A subject of a binding. A bare name would be a user, and is mostly a group that somebody meant: it is refused."""
    try:
        subject = subject_from(text)
    except K8sError as exc:
        raise K8sError(f"{where}: {exc}") from exc
    if ":" not in text:
        raise K8sError(f"{where}: write User:{text}, Group:{text} or ServiceAccount:NAMESPACE/{text}")
    if _is_everybody(subject):
        raise K8sError(f"{where}: {subject.name} is no team, but everybody or the cluster's administrators")
    if subject.kind == SERVICE_ACCOUNT:
        return subject.as_dict()
    return {"apiGroup": API_GROUP, **subject.as_dict()}


def _is_everybody(subject: Subject) -> bool:
    return subject.kind != SERVICE_ACCOUNT and (
        subject.name in _EVERYBODY or (subject.kind == GROUP and subject.name.startswith(f"{SERVICE_ACCOUNTS}:"))
    )


def _own_rules(name: str, rules: Any, allow_wildcards: bool) -> list[dict[str, list[str]]]:
    where = f"profile {name}"
    if not _NAME.fullmatch(name):
        raise K8sError(f"{where}: a name is of small letters, digits and dashes")
    if name in PROFILES:
        raise K8sError(f"{where}: there is one of this name already; give yours another")
    if isinstance(rules, str) or not isinstance(rules, Sequence) or not rules:
        raise K8sError(f"{where}: it needs a list of rules")
    return [_own_rule(rule, f"{where}, rule {index}", allow_wildcards) for index, rule in enumerate(rules)]


def _own_rule(raw: Any, where: str, allow_wildcards: bool) -> dict[str, list[str]]:
    if not isinstance(raw, Mapping):
        raise K8sError(f"{where}: a rule is a dictionary of api_groups, resources and verbs")
    unknown = sorted(set(raw) - set(_RULE_FIELDS))
    if unknown:
        raise K8sError(f"{where}: {unknown[0]!r} is none of {', '.join(sorted(_RULE_FIELDS))}")
    rule = rule_from({_RULE_FIELDS[key]: value for key, value in raw.items()}, where)
    if not rule.verbs or not (rule.urls or (rule.resources and rule.groups)):
        raise K8sError(f"{where}: it needs verbs, and api_groups with resources or non_resource_urls")
    wildcard = next(_wildcards(rule), None)
    if wildcard and not allow_wildcards:
        raise K8sError(f"{where}: {wildcard!r} is a wildcard; name what is needed, or allow wildcards")
    return rule.as_dict()


def _wildcards(rule: Rule) -> Iterator[str]:
    for values in (rule.verbs, rule.groups, rule.resources, rule.urls):
        yield from (value for value in values if ALL in value)


def _grants(team: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("profile", name) for name in team["profiles"]] + [("extra", name) for name in team["extras"]]


def _role_name(prefix: str, kind: str, name: str) -> str:
    """Colons keep apart what dashes could not: no name of a team or profile has one."""
    return f"{prefix}:{name}" if kind == "profile" else f"{prefix}:extra:{name}"


def _role(name: str, rules: Sequence[Mapping[str, Any]]) -> Object:
    plain = [{key: list(values) for key, values in rule.items()} for rule in rules]
    return {"apiVersion": _API_VERSION, "kind": "ClusterRole", "metadata": {"name": name}, "rules": plain}


def _bindings(team: Mapping[str, Any], prefix: str) -> Iterator[Object]:
    for grant in _grants(team):
        role = _role_name(prefix, *grant)
        for namespace in [""] if team["cluster_wide"] else team["namespaces"]:
            metadata = {"name": f"{prefix}:{team['name']}:{role[len(prefix) + 1 :]}"}
            yield {
                "apiVersion": _API_VERSION,
                "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
                "metadata": {**metadata, "namespace": namespace} if namespace else metadata,
                "roleRef": {"apiGroup": API_GROUP, "kind": "ClusterRole", "name": role},
                "subjects": [dict(subject) for subject in team["subjects"]],
            }

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule of a Role or ClusterRole, and what it allows: exactly what the API server's RBAC authorizer says.

Source: Kubernetes, pkg/apis/rbac/v1/evaluation_helpers.go. Nothing is folded or trimmed: a rule and a request are
compared letter by letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

ALL = "*"

_LISTS = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")


@dataclass(frozen=True)
class Request:
    """What somebody wants to do: to a resource, or to a path that is none (`path` is text then, else None).

    `group` is "" for the core group. `name` is "" where a request has none, as list, watch and create; a list with a
    field selector on metadata.name has one. `namespace` is "" for all namespaces and for what lies in none.
    """

    verb: str
    resource: str = ""
    group: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str | None = None

    @property
    def combined(self) -> str:
        """The resource as rules name it: `pods`, `pods/log`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True)
class Rule:
    """A rule's five lists, in its own order."""

    verbs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def allows(self, request: Request) -> bool:
        """Whether this rule alone allows the request."""
        if not self.has_verb(request.verb):
            return False
        if request.path is not None:
            return self.has_url(request.path)
        return (
            self.has_group(request.group)
            and self.has_resource(request.combined, request.subresource)
            and (not self.names or request.name in self.names)
        )

    def has_verb(self, verb: str) -> bool:
        """Whether the verb is among those of the rule."""
        return ALL in self.verbs or verb in self.verbs

    def has_group(self, group: str) -> bool:
        """Whether the API group is among those of the rule; the core group is the empty text."""
        return ALL in self.groups or group in self.groups

    def has_resource(self, combined: str, subresource: str) -> bool:
        """Whether `pods/log` is meant: by `*`, by its name, or by `*/log`. `pods/*` means nothing."""
        if ALL in self.resources or combined in self.resources:
            return True
        return bool(subresource) and f"*/{subresource}" in self.resources

    def has_url(self, path: str) -> bool:
        """Whether a path that is no resource is meant: itself, or by a beginning that ends with `*`."""
        return any(url in (ALL, path) or (url.endswith(ALL) and path.startswith(url.rstrip(ALL))) for url in self.urls)

    def as_dict(self) -> dict[str, list[str]]:
        """The rule as it stands in a manifest, without the lists that are empty."""
        lists = (self.verbs, self.groups, self.resources, self.names, self.urls)
        return {key: list(values) for key, values in zip(_LISTS, lists) if values}


def rule_from(raw: object, where: str) -> Rule:
    """A rule of a manifest or an answer; null lists are empty. Raises K8sError, naming `where`, for what is no rule."""
    if not isinstance(raw, Mapping):
        raise K8sError(f"{where}: a rule is a dictionary of verbs, apiGroups and resources, not {raw!r}")
    return Rule(*(_texts(raw.get(key), f"{where}: {key}") for key in _LISTS))


def rules_from(raw: object, where: str) -> tuple[Rule, ...]:
    """The rules of a role, in their order; null is none. Raises K8sError for what is no list of rules."""
    if raw is None:
        return ()
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise K8sError(f"{where}: rules is a list, not {raw!r}")
    return tuple(rule_from(rule, f"{where}: rule {index}") for index, rule in enumerate(raw))


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(text, str) for text in value):
        raise K8sError(f"{where} is a list of texts, not {value!r}")
    return tuple(value)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles and bindings that configured responses need, and nothing more.

What an action needs stands in a table that comes with the response runner. Here it is laid over the configured rules:
where each of them may act, what it does there, and whether it only looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

ALWAYS_PROTECTED = ("kube-system", "kube-public", "kube-node-lease")
"""Namespaces in which nothing is ever done; that of the engine itself is the fourth."""

_API = "rbac.authorization.k8s.io"
_READ = frozenset({"get", "list", "watch"})
_LOOK_UP = {"scope": "namespace", "api_groups": [""], "resources": ["pods"], "verbs": ["get"]}

CLUSTER = ""
"""Stands for all namespaces, and for what lies in none."""


@dataclass(frozen=True)
class Account:
    """The ServiceAccount that the engine acts with, and how its roles are called."""

    name: str
    namespace: str
    prefix: str


@dataclass(frozen=True)
class Bounds:
    """Where something may be done at all. Names, or patterns with `*`; `protected` wins."""

    allowed: Sequence[str]
    protected: Sequence[str] = ()

    def within(self, wanted: Sequence[str]) -> set[str]:
        """The namespaces where a rule for the wanted ones may act: CLUSTER where a pattern meets a pattern."""
        pairs = ((ask, may) for ask in (wanted or ["*"]) for may in self.allowed)
        found = {_common(ask, may) for ask, may in pairs}
        return {name for name in found if name is not None and not (name and self._is_protected(name))}

    def _is_protected(self, name: str) -> bool:
        return any(_matches(name, pattern) for pattern in self.protected)


def _is_pattern(name: str) -> bool:
    return "*" in name


def _matches(name: str, pattern: str) -> bool:
    """As the engine has it: only `*` is a sign. A `?` that it takes for itself must not widen what is granted."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def _common(ask: str, may: str) -> str | None:
    """What both name: a name, CLUSTER where both are patterns, None where there is nothing."""
    if _is_pattern(may):
        if _is_pattern(ask):
            return CLUSTER
        return ask if _matches(ask, may) else None
    return may if _matches(may, ask) else None


def response_objects(
    rules: Sequence[Mapping[str, Any]],
    table: Mapping[str, Sequence[Mapping[str, Any]]],
    bounds: Bounds,
    account: Account,
    *,
    dry_run: bool = False,
    look_up: bool = False,
) -> list[dict[str, Any]]:
    """Roles and bindings, each role before its binding. K8sError for an action that the table does not know.

    rules: as in the configuration of the engine. table: by the name of an action, what it needs in which scope.
    look_up: the engine looks at the pod of each alert, as it does where images are protected.
    """
    grants: dict[str, dict[tuple[Any, ...], set[str]]] = {}
    for rule in rules:
        needs = [*([_LOOK_UP] if look_up else []), *_needed_by(rule, table)]
        for where, needed in _placed(rule, needs, bounds, dry_run or bool(rule.get("dry_run"))):
            verbs = grants.setdefault(where, {}).setdefault(_key(needed), set())
            verbs.update(needed["verbs"])
    return [item for where in sorted(grants) for item in _objects(where, grants[where], account)]


def _placed(
    rule: Mapping[str, Any], needs: Sequence[Mapping[str, Any]], bounds: Bounds, only_look: bool
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(namespace or CLUSTER, what is needed there), for all that a rule needs."""
    places = bounds.within(_texts((rule.get("match") or {}).get("namespaces")))
    for needed in needs:
        verbs = [verb for verb in needed["verbs"] if not only_look or verb in _READ]
        if not verbs or not places:
            continue
        for where in [CLUSTER] if needed["scope"] == "cluster" else places:
            yield where, {**needed, "verbs": verbs}


def _needed_by(rule: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Any]:
    if (rule.get("match") or {}).get("labels"):
        yield _LOOK_UP
    for step in rule.get("steps") or []:
        action = step.get("action")
        if action is not None and action not in table:
            raise K8sError(
                f"rule {rule.get('name', '?')!r}: there is no action {action!r}; known are {', '.join(sorted(table))}"
            )
        params = step.get("params") or {}
        yield from (row for row in table.get(action or step.get("notify"), ()) if _applies(row.get("when"), params))


def _applies(when: Mapping[str, Any] | None, params: Mapping[str, Any]) -> bool:
    """Whether these parameters make use of what a row is for: {"param": NAME, "default": VALUE}, or always."""
    if when is None:
        return True
    given = params.get(when["param"])
    return bool(when["default"] if given is None else given)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value or ()]


def _key(needed: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(tuple(sorted(needed.get(part) or ())) for part in ("api_groups", "resources", "resource_names"))


def _objects(where: str, grants: Mapping[tuple[Any, ...], Iterable[str]], account: Account) -> list[dict[str, Any]]:
    kind = "Role" if where else "ClusterRole"
    metadata = {"name": account.prefix, **({"namespace": where} if where else {})}
    subject = {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}
    return [
        {
            "apiVersion": f"{_API}/v1",
            "kind": kind,
            "metadata": metadata,
            "rules": [_rule(key, grants[key]) for key in sorted(grants)],
        },
        {
            "apiVersion": f"{_API}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _API, "kind": kind, "name": account.prefix},
            "subjects": [subject],
        },
    ]


def _rule(key: tuple[Any, ...], verbs: Iterable[str]) -> dict[str, list[str]]:
    groups, resources, names = key
    rule = {"apiGroups": list(groups), "resources": list(resources), "verbs": sorted(verbs)}
    return {**rule, "resourceNames": list(names)} if names else rule

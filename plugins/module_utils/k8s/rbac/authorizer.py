# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server's RBAC authorizer answers, and by which path: subject, binding, role, rule.

Source: Kubernetes, pkg/registry/rbac/validation/rule.go. A binding whose role does not exist, or is of a kind that is
none, gives nothing; the roles' rules count as they are stored, whatever aggregation should have made of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import (
    CLUSTER_ROLE_BINDING,
    Binding,
    Role,
    RoleRef,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request, Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    GROUP,
    MASTERS,
    Identity,
    Subject,
)

# Where bindings are looked for: by user's or by group's name.
_Key = tuple[str, str]


@dataclass(frozen=True)
class Path:
    """Why something is allowed: the subject that the binding names (a group, maybe), and the rule by its index."""

    subject: Subject
    binding: Binding
    rule: int


class Authorizer:
    """Roles and bindings, ready for questions."""

    def __init__(self, roles: Iterable[Role], bindings: Iterable[Binding]) -> None:
        self.roles: dict[RoleRef, Role] = {role.ref: role for role in roles}
        self.bindings: tuple[Binding, ...] = tuple(bindings)
        self._named: dict[str, dict[_Key, list[tuple[Binding, Subject]]]] = defaultdict(lambda: defaultdict(list))
        for binding in self.bindings:
            for subject in binding.counted:
                self._named[binding.namespace][_key(subject)].append((binding, subject))

    def rules(self, ref: RoleRef) -> tuple[Rule, ...]:
        """The rules of a role, none where it does not exist."""
        role = self.roles.get(ref)
        return role.rules if role else ()

    def allowed(self, identity: Identity, request: Request) -> bool:
        """The API server's answer, members of system:masters included, whom it never asks for a rule."""
        return MASTERS in identity.groups or next(self.paths(identity, request), None) is not None

    def paths(self, identity: Identity, request: Request) -> Iterator[Path]:
        """Every path that allows it, ClusterRoleBindings first."""
        for binding, subject in self.grants(identity, request.namespace):
            yield from self._by_rule(binding, subject, request)

    def grants(self, identity: Identity, namespace: str) -> Iterator[tuple[Binding, Subject]]:
        """The bindings that count for somebody in a namespace ("" for none), each with the subject that it names."""
        keys = [("User", identity.username), *((GROUP, group) for group in sorted(identity.groups))]
        for scope in ("", namespace) if namespace else ("",):
            named = self._named.get(scope, {})
            for key in keys:
                yield from named.get(key, ())

    def who(self, request: Request) -> Iterator[Path]:
        """Every subject that some binding lets do it. Members of system:masters always may, and are not told."""
        for binding in self.bindings:
            if binding.kind == CLUSTER_ROLE_BINDING or (request.namespace and binding.namespace == request.namespace):
                for subject in binding.counted:
                    yield from self._by_rule(binding, subject, request)

    def namespaces(self) -> list[str]:
        """The namespaces that have bindings of their own."""
        return sorted(namespace for namespace in self._named if namespace)

    def _by_rule(self, binding: Binding, subject: Subject, request: Request) -> Iterator[Path]:
        for index, rule in enumerate(self.rules(binding.role)):
            if rule.allows(request):
                yield Path(subject, binding, index)


def _key(subject: Subject) -> _Key:
    """A ServiceAccount is a user to the authorizer, so that `User system:serviceaccount:a:b` names it too."""
    return (GROUP, subject.name) if subject.kind == GROUP else ("User", subject.username)


def path_as_dict(path: Path, rules: Mapping[RoleRef, Role]) -> dict[str, object]:
    """A path as modules return it: subject, binding, role, the rule and its index, the namespace it counts in."""
    role = rules[path.binding.role]
    return {
        "subject": path.subject.as_dict(),
        "binding": path.binding.as_dict(),
        "role": role.ref.as_dict(),
        "rule_index": path.rule,
        "rule": role.rules[path.rule].as_dict(),
        "namespace": path.binding.namespace or None,
    }

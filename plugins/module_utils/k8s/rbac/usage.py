# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the granted access was used, by a log of the API server's audit, and which least roles come of that.

Memory depends on how much is granted and on the kinds of requests, not on the length of the log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.audit_events import (
    Use,
    read_events,
    uses_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import Authorizer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.defaults import shipped_subjects
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.least_privilege import least_role
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import Binding
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import RbacObjects
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    GROUP,
    MASTERS,
    USER,
    Identity,
    Subject,
    service_account_of,
)

# Who uses more names than these of a resource uses them all, as far as a role is concerned.
_MOST_NAMES = 20
# A log repeats itself: leases are renewed every two seconds.
_MOST_REMEMBERED = 50_000

_MASTERS = Subject(GROUP, MASTERS)
_Path = tuple[Subject, Binding, int]


class Usage:
    """What a log shows to have been used of the grants that an authorizer knows."""

    def __init__(self, authorizer: Authorizer) -> None:
        self.events = 0
        self.unreadable = 0
        self.first = ""
        self.last = ""
        self._authorizer = authorizer
        self._used: set[tuple[Subject, str, int]] = set()
        self._names: dict[str, dict[Request, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._seen: set[tuple[Identity, Request]] = set()

    def read(self, paths: Iterable[str]) -> None:
        """Take in the files of a log. Raises K8sError where one cannot be read, or where there is no event in them.

        By a log that shows nothing, every grant would be unused.
        """
        files = list(paths)
        for event in read_events(files):
            if event is None:
                self.unreadable += 1
                continue
            self.events += 1
            for use in uses_of(event):
                self.add(use)
        if files and not self.events:
            raise K8sError(f"audit_log: there is no event of an audit in {', '.join(files)}: nothing can be told by it")

    def add(self, use: Use) -> None:
        """Take in one request that was allowed. Whatever would have allowed it counts as used."""
        if use.time:
            self.first = min(self.first or use.time, use.time)
            self.last = max(self.last, use.time)
        key = (use.identity, use.request)
        if key in self._seen:
            return
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
        self._seen.add(key)
        paths = list(self._authorizer.paths(*key))
        self._used.update((path.subject, path.binding.text, path.rule) for path in paths)
        if any(path.subject != _MASTERS and path.subject in (shipped_subjects(path.binding) or ()) for path in paths):
            return
        names = self._names[use.identity.username][replace(use.request, name="")]
        if len(names) <= _MOST_NAMES:
            names.add(use.request.name)

    def unused(self) -> dict[Subject, list[str]]:
        """The grants that the log never shows, by subject; of those that came with the cluster nothing is told."""
        found: dict[Subject, list[str]] = defaultdict(list)
        for subject, binding, index in self._granted():
            if (subject, binding.text, index) not in self._used:
                place = f"in {binding.namespace}" if binding.namespace else "everywhere"
                found[subject].append(f"{binding.text} → {binding.role.text} rule {index}, {place}")
        return dict(found)

    def minimal_roles(self, subjects: Collection[Subject] | None = None) -> list[dict[str, Any]]:
        """For each user and namespace of the log, {subject, namespace, role}: the least role that allows what was used.

        subjects: only these. A namespace of None is what lies in none, or was asked of all namespaces at once. What
        everybody may do by the cluster's own bindings needs no role, nor do the cluster's own components.
        """
        return [
            {
                "subject": subject.as_dict(),
                "namespace": namespace or None,
                "role": least_role(requests, "used", namespace),
            }
            for subject, username in sorted((_subject(name), name) for name in self._names)
            if (subject in subjects if subjects is not None else not _component(subject))
            for namespace, requests in sorted(_by_namespace(self._names[username]).items())
        ]

    def as_dict(self) -> dict[str, Any]:
        """What there was to read: {events, unreadable, first, last}."""
        return {"events": self.events, "unreadable": self.unreadable, "first": self.first, "last": self.last}

    def _granted(self) -> Iterator[_Path]:
        for binding in self._authorizer.bindings:
            shipped = shipped_subjects(binding) or frozenset()
            for subject in binding.counted:
                if subject not in shipped:
                    yield from ((subject, binding, index) for index in range(len(self._authorizer.rules(binding.role))))


def _subject(username: str) -> Subject:
    return service_account_of(username) or Subject(USER, username)


def _component(subject: Subject) -> bool:
    return subject.kind == USER and subject.name.startswith("system:")


def _by_namespace(names: Mapping[Request, Collection[str]]) -> dict[str, list[Request]]:
    found: dict[str, list[Request]] = defaultdict(list)
    for request, used in names.items():
        wanted = [""] if len(used) > _MOST_NAMES else sorted(used)
        found[request.namespace].extend(replace(request, name=name) for name in wanted)
    return found


def unused_grants(objects: RbacObjects, files: Collection[str]) -> dict[Subject, list[str]] | None:
    """What a log never shows of the grants of a cluster, None where no log is given. Raises K8sError."""
    if not files:
        return None
    usage = Usage(Authorizer(objects.roles, objects.bindings))
    usage.read(files)
    return usage.unused()

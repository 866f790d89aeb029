# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which events of the sources belong into a timeline."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    SHORT_ID,
    Event,
    Whereabouts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.links import Links, Subject


@dataclass(frozen=True)
class Selection:
    """Times in nanoseconds, both ends included. An empty list selects all.

    pods: `namespace/name`, or a name of any namespace. containers: names, or ids of 12 digits and more.
    """

    since: int
    until: int
    namespaces: frozenset[str] = frozenset()
    pods: frozenset[str] = frozenset()
    pod_uids: frozenset[str] = frozenset()
    containers: frozenset[str] = frozenset()
    routine: bool = False

    @property
    def narrow(self) -> bool:
        """Whether it is about some subjects, so that it must be known first which names and ids are the same."""
        return bool(self.namespaces or self.pods or self.pod_uids or self.containers)

    def takes(self, event: Event, links: Links) -> bool:
        """Whether an event is selected: one of its parties is asked for."""
        if not self.since <= event.time <= self.until or (event.routine and not self.routine):
            return False
        if not self.narrow:
            return True
        return any(self._takes_party(links, party) for party in event.parties())

    def _takes_party(self, links: Links, party: Whereabouts) -> bool:
        found = links.subject(party)
        if found is None:
            return not (self.pods or self.pod_uids or self.containers) and party.namespace in self.namespaces
        return self._takes_subject(found[1])

    def _takes_subject(self, subject: Subject) -> bool:
        if self.namespaces and not self.namespaces & subject.namespaces:
            return False
        if not (self.pods or self.pod_uids or self.containers):
            return True
        return bool(
            self.pod_uids & subject.pod_uids
            or _names_pod(self.pods, subject)
            or self.containers & subject.containers
            or {each[:SHORT_ID] for each in self.containers} & subject.container_ids
        )


def _names_pod(wanted: Collection[str], subject: Subject) -> bool:
    full = {f"{namespace}/{pod}" for namespace in subject.namespaces for pod in subject.pods}
    return bool(subject.pods.intersection(wanted) or full.intersection(wanted))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pods and containers are the same: one source knows the uid, another the name, a third a container's id.

What events tell together is linked. A name alone is linked to a uid only where the name had one uid in all that was
read: the pod of a StatefulSet is followed by another one of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    Event,
    Whereabouts,
)

_UID, _CONTAINER, _NAME = "uid", "container", "name"
Key = tuple[str, str]


@dataclass
class Subject:
    """A pod with its containers, or a container of no pod, as far as the events told."""

    namespaces: set[str] = field(default_factory=set)
    pods: set[str] = field(default_factory=set)
    pod_uids: set[str] = field(default_factory=set)
    containers: set[str] = field(default_factory=set)
    container_ids: set[str] = field(default_factory=set)

    def take(self, party: Whereabouts) -> None:
        """Learn from one more event."""
        for known, value in (
            (self.namespaces, party.namespace),
            (self.pods, party.pod),
            (self.pod_uids, party.pod_uid),
            (self.containers, party.container),
            (self.container_ids, party.container_id),
        ):
            if value:
                known.add(value)

    def as_dict(self) -> dict[str, list[str]]:
        """As a report shows it."""
        return {name: sorted(values) for name, values in vars(self).items() if values}


class Links:
    """Sets of keys that are joined as events tell of them (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[Key, Key] = {}
        self._uids: dict[str, set[str]] = {}
        self._learnt: dict[Key, Subject] = {}
        self._subjects: dict[Key, Subject] | None = None

    def learn(self, event: Event) -> None:
        """Take in what an event tells of its parties."""
        for party in event.parties():
            keys = list(_keys(party))
            if not keys:
                continue
            self._learnt.setdefault(keys[0], Subject()).take(party)
            if party.pod and party.pod_uid:
                self._uids.setdefault(_full_name(party), set()).add(party.pod_uid)
            # A uid and a name are joined at the end, when it is known whether the name had one uid.
            firm = [key for key in keys if key[0] != _NAME or not party.pod_uid]
            for key in firm:
                self._join(keys[0], key)
        self._subjects = None

    def subject(self, party: Whereabouts) -> tuple[Key, Subject] | None:
        """The subject of a party, with the key that stands for it; None where the party names nothing."""
        key = next(_keys(party), None)
        if key is None:
            return None
        if self._subjects is None:
            self._subjects = self._merged()
        root = self._root(key)
        return root, self._subjects.setdefault(root, Subject())

    def _merged(self) -> dict[Key, Subject]:
        for name, uids in self._uids.items():
            if len(uids) == 1:
                self._join((_UID, next(iter(uids))), (_NAME, name))
        merged: dict[Key, Subject] = {}
        for key, learnt in self._learnt.items():
            subject = merged.setdefault(self._root(key), Subject())
            for name, values in vars(learnt).items():
                getattr(subject, name).update(values)
        return merged

    def _join(self, one: Key, other: Key) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        self._parents[second] = first

    def _root(self, key: Key) -> Key:
        parent = self._parents.setdefault(key, key)
        while parent != key:
            self._parents[key] = self._parents.setdefault(parent, parent)
            key, parent = parent, self._parents[parent]
        return key


def _keys(party: Whereabouts) -> Iterator[Key]:
    if party.pod_uid:
        yield _UID, party.pod_uid
    if party.container_id:
        yield _CONTAINER, party.container_id
    if party.pod:
        yield _NAME, _full_name(party)


def _full_name(party: Whereabouts) -> str:
    return f"{party.namespace}/{party.pod}"

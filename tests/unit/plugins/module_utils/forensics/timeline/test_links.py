# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, uids and ids of the same thing are joined, and those of two things are not."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    Event,
    Whereabouts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.links import Links


def links(*parties: Whereabouts) -> Links:
    found = Links()
    for number, party in enumerate(parties):
        found.learn(Event(number, "s", "k", "what", str(number), about=party))
    return found


def same(found: Links, one: Whereabouts, other: Whereabouts) -> bool:
    first, second = found.subject(one), found.subject(other)
    assert first is not None
    assert second is not None
    return first[0] == second[0]


NAME = Whereabouts(namespace="shop", pod="web-1")
UID = Whereabouts(pod_uid="u-1")
CONTAINER = Whereabouts(container_id="c" * 12)


def test_three_sources_that_know_two_names_each() -> None:
    found = links(
        Whereabouts(namespace="shop", pod="web-1", container_id="c" * 64),
        Whereabouts(namespace="shop", pod="web-1", pod_uid="u-1"),
        Whereabouts(container_id="c" * 64, container="web"),
    )
    assert same(found, NAME, UID)
    assert same(found, UID, CONTAINER)
    subject = found.subject(CONTAINER)
    assert subject is not None
    assert subject[1].as_dict() == {
        "namespaces": ["shop"],
        "pods": ["web-1"],
        "pod_uids": ["u-1"],
        "containers": ["web"],
        "container_ids": ["c" * 12],
    }


def test_pods_that_follow_each_other_under_one_name_stay_apart() -> None:
    first = Whereabouts(namespace="shop", pod="db-0", pod_uid="u-1", container_id="1" * 12)
    second = Whereabouts(namespace="shop", pod="db-0", pod_uid="u-2", container_id="2" * 12)
    found = links(first, second)
    assert not same(found, first, second)
    assert same(found, Whereabouts(pod_uid="u-1"), Whereabouts(container_id="1" * 12))
    assert not same(found, Whereabouts(namespace="shop", pod="db-0"), first)


def test_pods_of_two_namespaces_stay_apart() -> None:
    assert not same(links(NAME), NAME, Whereabouts(namespace="other", pod="web-1"))


def test_who_acted_counts_too() -> None:
    found = Links()
    found.learn(
        Event(
            0,
            "s",
            "k",
            "what",
            "k",
            about=Whereabouts(namespace="shop"),
            by=Whereabouts(namespace="shop", pod="web-1", pod_uid="u-1"),
        )
    )
    assert same(found, NAME, UID)


def test_a_party_without_any_name_is_no_subject() -> None:
    assert links().subject(Whereabouts(namespace="shop", node="n")) is None


def test_what_is_learnt_later_counts() -> None:
    found = links(Whereabouts(namespace="shop", pod="web-1", container_id="c" * 12))
    assert not same(found, NAME, UID)
    found.learn(Event(9, "s", "k", "what", "9", about=Whereabouts(container_id="c" * 12, pod_uid="u-1")))
    assert same(found, NAME, UID)

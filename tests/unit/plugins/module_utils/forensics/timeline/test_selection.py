# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for is taken, by whatever name a source knows it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    Event,
    Whereabouts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.links import Links
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.selection import Selection


def event(time: int = 5, routine: bool = False, by: Whereabouts | None = None, **about: str) -> Event:
    return Event(time, "s", "k", "what", str(about), about=Whereabouts(**about), by=by, routine=routine)


EVENTS = {
    "falco": event(namespace="shop", pod="web-1", container="app", container_id="c" * 12),
    "audit": event(namespace="shop", pod="web-1", pod_uid="u-1"),
    "docker": event(container_id="c" * 12),
    "token": event(namespace="other", by=Whereabouts(namespace="shop", pod="web-1", pod_uid="u-1")),
    "secret": event(namespace="shop"),
    "stranger": event(namespace="other", pod="web-1", pod_uid="u-2"),
    "node": event(node="n1"),
}
MINE = {"falco", "audit", "docker", "token"}


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ({}, set(EVENTS)),
        ({"pods": {"shop/web-1"}}, MINE),
        ({"pods": {"web-1"}}, {*MINE, "stranger"}),
        ({"pod_uids": {"u-1"}}, MINE),
        ({"containers": {"c" * 64}}, MINE),
        ({"containers": {"app"}}, MINE),
        ({"namespaces": {"shop"}}, {*MINE, "secret"}),
        ({"namespaces": {"other"}, "pods": {"web-1"}}, {"stranger"}),
        ({"pods": {"shop/none"}}, set()),
    ],
)
def test_by_any_name(wanted: dict[str, Any], taken: set[str]) -> None:
    named: dict[str, Any] = {name: frozenset(values) for name, values in wanted.items()}
    selection = Selection(0, 10, **named)
    links = Links()
    for each in EVENTS.values():
        links.learn(each)
    assert {name for name, each in EVENTS.items() if selection.takes(each, links)} == taken


@pytest.mark.parametrize(("time", "taken"), [(0, False), (1, True), (9, True), (10, False)])
def test_by_time(time: int, taken: bool) -> None:
    assert Selection(1, 9).takes(event(time), Links()) is taken


def test_what_is_routine_is_left_out_unless_asked_for() -> None:
    assert Selection(0, 9).takes(event(routine=True), Links()) is False
    assert Selection(0, 9, routine=True).takes(event(routine=True), Links()) is True

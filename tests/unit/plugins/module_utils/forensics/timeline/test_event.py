# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event, as a report shows it."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    Event,
    Whereabouts,
    key_of,
)


def test_what_is_not_known_is_left_out() -> None:
    about = Whereabouts(namespace="<NA>", pod="web", container_id="host")
    shown = Event(0, "falco", "alert", "A shell", "k", about=about, details={"empty": "", "tags": "a"}).as_dict()
    assert shown == {
        "time": "1970-01-01T00:00:00.000000Z",
        "source": "falco",
        "severity": "info",
        "kind": "alert",
        "summary": "A shell",
        "pod": "web",
        "details": {"tags": "a"},
    }


def test_ids_are_as_long_as_every_source_knows_them() -> None:
    assert Whereabouts(container_id="d" * 64).container_id == "d" * 12


def test_a_text_does_not_fill_a_page() -> None:
    shown = Event(0, "s", "k", "x" * 10_000, "k").as_dict()["summary"]
    assert len(shown) < 2100
    assert shown.endswith("(10000 characters)")


def test_keys_of_other_parts_differ() -> None:
    assert key_of("a", "bc") != key_of("ab", "c")
    assert key_of("\ud800") == key_of("\ud800")

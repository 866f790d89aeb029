# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sorted, each once, and no more than there is room for."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import Event
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.gathering import (
    Gathering,
    timeline,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.selection import Selection
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.source import Source


def event(time: int, key: str, rank: int = 0) -> Event:
    return Event(time, "s", "k", f"{key} at {time}", key, rank=rank)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 200)), max_size=60), st.integers(1, 20))
def test_the_latest_stay(rows: list[tuple[int, int]], limit: int) -> None:
    unique = {f"{time}-{number}": time for time, number in rows}
    gathering = Gathering(limit)
    for key, time in unique.items():
        gathering.add(event(time, key))
    times = [each.time for each in gathering.events()]
    assert times == sorted(unique.values())[-limit:] or times == sorted(times)
    assert times == sorted(unique.values())[max(0, len(unique) - limit) :]
    assert gathering.left_out == max(0, len(unique) - limit)


def test_the_better_telling_stays_at_the_earlier_time() -> None:
    gathering = Gathering(10)
    for each in (event(1, "a", rank=0), event(3, "a", rank=3), event(2, "a", rank=1)):
        gathering.add(each)
    (kept,) = gathering.events()
    assert (kept.time, kept.rank, gathering.repeated) == (1, 3, 2)


def _falco(second: int, pod: str) -> str:
    fields = {"k8s.ns.name": "shop", "k8s.pod.name": pod, "container.id": f"{pod}-container"}
    time = f"2026-01-31T12:00:{second:02d}Z"
    return json.dumps(
        {"rule": f"R{second}", "priority": "Critical", "output": "o", "time": time, "output_fields": fields}
    )


def test_a_whole_timeline(tmp_path: Path) -> None:
    file = tmp_path / "falco.jsonl"
    file.write_text("\n".join([_falco(5, "web"), _falco(1, "web"), "garbage", _falco(5, "web"), _falco(3, "db")]))
    found = timeline([Source("falco", "falco", [str(file)])], Selection(0, 2**62), 100, 1.0)
    assert [row["summary"] for row in found["events"]] == ["R1", "R3", "R5"]
    assert [row["subject"] for row in found["events"]] == ["S1", "S2", "S1"]
    assert (found["first"], found["repeated"]) == ("2026-01-31T12:00:01.000000Z", 1)
    assert found["severities"]["critical"] == 3
    assert found["sources"][0]["malformed"] == 1
    assert [(row["id"], row["pods"], row["events"]) for row in found["subjects"]] == [
        ("S1", ["web"], 2),
        ("S2", ["db"], 1),
    ]


def test_clocks_are_set_right_before_anything_is_compared(tmp_path: Path) -> None:
    file = tmp_path / "falco.jsonl"
    file.write_text(_falco(5, "web"))
    source = Source("falco", "falco", [str(file)], ahead=2_500_000_000)
    found = timeline([source], Selection(0, 2**62), 100, 1.0)
    assert found["first"] == "2026-01-31T12:00:02.500000Z"


def test_nothing_is_a_timeline_too(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    found = timeline([Source("falco", "falco", [str(tmp_path / "empty")])], Selection(0, 2**62), 1, 1.0)
    assert (found["events"], found["first"], found["subjects"]) == ([], None, [])

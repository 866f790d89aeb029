# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are replaced in one step or not at all, and only what matters counts as a change."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report import files
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.files import Output
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.formats import FORMATS
from tests.unit.plugins.plugin_utils.report.fleet import NOW, audit, finding, previous, report


def output(path: Path, mode: int = 0o640) -> Output:
    return Output("json", path, mode)


def test_a_file_is_written_with_its_mode_and_leaves_nothing_behind(tmp_path: Path) -> None:
    files.write(output(tmp_path / "new" / "deep" / "a.json", 0o600), "text ü\n")
    path = tmp_path / "new" / "deep" / "a.json"
    assert path.read_text("utf-8") == "text ü\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o007 == 0
    assert os.listdir(path.parent) == ["a.json"]


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReportError, match=r"a\.json: cannot be written: No space left on device"):
        files.write(output(path), "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    files.write(output(tmp_path / "link.json"), "text")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "text"


def test_what_is_no_regular_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReportError, match="is not a regular file"):
        files.write(output(tmp_path / "pipe"), "text")


def test_impossible_places_are_told_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="is a directory"):
        files.check_writable(output(tmp_path))
    with pytest.raises(ReportError, match="is not a directory"):
        files.check_writable(output(tmp_path / "file" / "a.json"))
    files.check_writable(output(tmp_path / "new" / "deep" / "a.json"))


@pytest.mark.parametrize("name", list(FORMATS))
def test_later_but_equal_is_no_change_in_any_format(tmp_path: Path, name: str) -> None:
    render = FORMATS[name].render
    before = report(audit("web1", finding()))
    one = report(audit("web1", finding()), previous=previous(before))
    again = report(audit("web1", finding()), previous=previous(one), now=NOW.replace(hour=23, day=9))
    other = report(audit("web1", finding(), finding(name="b")), previous=previous(one))
    place = output(tmp_path / "report")
    assert files.differs(place, render(one))
    files.write(place, render(one))
    assert render(again) != render(one)
    assert not files.differs(place, render(again))
    assert files.differs(place, render(other))


def test_another_mode_is_a_change(tmp_path: Path) -> None:
    files.write(output(tmp_path / "a", 0o640), "text")
    assert not files.differs(output(tmp_path / "a", 0o640), "text")
    assert files.differs(output(tmp_path / "a", 0o600), "text")


def test_a_change_of_the_same_length_is_a_change(tmp_path: Path) -> None:
    files.write(output(tmp_path / "a"), "fail web1 2030-01-01T00:00:00Z")
    assert files.differs(output(tmp_path / "a"), "fail web2 2030-01-01T00:00:00Z")


def test_bad_json_is_told_with_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{\n "a": x\n}\n')
    with pytest.raises(ReportError, match=r"a\.json:2:7: is not JSON"):
        files.read_json(tmp_path / "a.json")
    (tmp_path / "b.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ReportError, match="is not UTF-8"):
        files.read_json(tmp_path / "b.json")
    with pytest.raises(ReportError, match="cannot be read: No such file"):
        files.read_json(tmp_path / "missing.json")


def test_a_previous_report_may_be_missing_but_not_another_file(tmp_path: Path) -> None:
    assert files.read_previous(tmp_path / "a.json") is None
    for text in ("[]", "{}", '{"kind": "other"}'):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(ReportError, match="is no JSON report of audit_report"):
            files.read_previous(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("generated_at", "yesterday"),
        ("findings", None),
        ("findings", [{"control": "x"}]),
        ("unchecked", [7]),
        ("findings", [finding(severity="odd")]),
        ("findings", [finding(first_seen=7)]),
        ("findings", [finding(first_seen=None, references=7)]),
        ("findings", [finding(first_seen=None, references=[{"benchmark": "cis"}])]),
        ("findings", [finding(first_seen=None, waiver={"id": "a"})]),
        ("findings", [finding(first_seen=None, expected="x")]),
        ("findings", [{**finding(first_seen=None), "subject": {"kind": "container", "name": "a", "container": 5}}]),
        ("findings", [{key: value for key, value in finding(first_seen=None).items() if key != "title"}]),
        ("history", {"a": {}}),
        ("history", []),
    ],
)
def test_a_damaged_report_is_told_not_taken_for_an_empty_one(tmp_path: Path, part: str, value: Any) -> None:
    whole = report(audit("web1", finding()))
    (tmp_path / "a.json").write_text(json.dumps(whole))
    assert files.read_previous(tmp_path / "a.json") is not None
    for damaged in ({**whole, part: value}, {key: whole[key] for key in whole if key != part}):
        (tmp_path / "a.json").write_text(json.dumps(damaged))
        with pytest.raises(ReportError, match=r"a\.json: the report is damaged .*; move the file away to begin anew"):
            files.read_previous(tmp_path / "a.json")


def test_a_device_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(ReportError, match=r"link: cannot be read: is not a regular file"):
        files.read_json(tmp_path / "link")
    with pytest.raises(ReportError, match=r"link: is not a regular file"):
        files.check_writable(output(tmp_path / "link"))


def test_json_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" * 100_000)
    with pytest.raises(ReportError, match=r"a\.json: its JSON is nested too deeply"):
        files.read_json(tmp_path / "a.json")


def test_half_a_character_does_not_stop_a_report(tmp_path: Path) -> None:
    text = files.encodable("a\ud800b")
    files.write(output(tmp_path / "a"), text)
    assert not files.differs(output(tmp_path / "a"), text)

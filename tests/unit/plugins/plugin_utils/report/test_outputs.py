# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files to write follow from the options, and nothing is written where it should not be."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.formats import FORMATS
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.outputs import planned


def plan(**changes: Any) -> list[tuple[str, str, str]]:
    params = {
        "output_dir": None,
        "formats": ["json", "html"],
        "basename": "audit-report",
        "outputs": None,
        "mode": None,
    }
    outputs = planned({**params, **changes}, lambda path: f"/base/{path}" if not path.startswith("/") else path)
    return [(output.format, str(output.path), f"{output.mode:04o}") for output in outputs]


def test_without_a_place_nothing_is_written() -> None:
    assert plan() == []


def test_json_is_written_last_for_the_next_run_compares_with_it() -> None:
    assert plan(output_dir="/out", formats=list(FORMATS))[-1][:2] == ("json", "/out/audit-report.json")


def test_files_are_named_by_format() -> None:
    names = {name: path for name, path, _mode in plan(output_dir="out", formats=list(FORMATS), basename="a")}
    assert names == {
        "json": "/base/out/a.json",
        "sarif": "/base/out/a.sarif",
        "junit": "/base/out/a.junit.xml",
        "html": "/base/out/a.html",
        "markdown": "/base/out/a.md",
        "prometheus": "/base/out/a.prom",
        "oscal": "/base/out/a.oscal.json",
    }


def test_a_named_output_replaces_that_of_the_folder() -> None:
    assert plan(output_dir="/out", outputs={"html": "/www/index.html"}) == [
        ("html", "/www/index.html", "0640"),
        ("json", "/out/audit-report.json", "0640"),
    ]


def test_only_counts_are_for_everyone_to_read() -> None:
    modes = {name: mode for name, _path, mode in plan(output_dir="/out", formats=list(FORMATS))}
    assert {name for name, mode in modes.items() if mode != "0640"} == {"prometheus"}
    assert modes["prometheus"] == "0644"


@pytest.mark.parametrize(("mode", "expected"), [("0600", "0600"), ("644", "0644"), (0o600, "0600")])
def test_a_mode_is_text_or_what_yaml_made_of_it(mode: Any, expected: str) -> None:
    assert plan(outputs={"json": "/a"}, mode=mode) == [("json", "/a", expected)]
    assert plan(outputs={"json": {"path": "/a", "mode": mode}}) == [("json", "/a", expected)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output_dir": "/o", "basename": "../../etc/cron.d/x"}, "basename: "),
        ({"output_dir": "/o", "basename": ".hidden"}, "basename: "),
        ({"output_dir": "/o", "basename": ""}, "basename: "),
        ({"output_dir": "/o", "basename": ".."}, "basename: "),
        ({"outputs": {"pdf": "/a"}}, "outputs: 'pdf' is no format"),
        ({"outputs": {"json": ""}}, "outputs: json takes a path"),
        ({"outputs": {"json": {"file": "/a"}}}, "outputs: json takes a path"),
        ({"outputs": {"json": {"path": "/a", "owner": "x"}}}, "outputs: json takes a path"),
        ({"outputs": {"json": "/a"}, "mode": "u=rw"}, "mode: 'u=rw' is no mode"),
        ({"outputs": {"json": "/a"}, "mode": "4755"}, "mode: '4755' is no mode"),
        ({"outputs": {"json": "/a", "html": "/a"}}, "/a: both json and html would be written there"),
    ],
)
def test_what_cannot_be_written_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReportError, match=f"^{message}"):
        plan(**changes)

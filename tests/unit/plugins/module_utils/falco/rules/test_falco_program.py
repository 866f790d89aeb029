# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Falco says of rules. A script stands in for it, which prints what Falco 0.43.1 prints."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules import falco_program
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.falco_program import (
    find_falco,
    validate,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import RulesTaskError

_REFUSAL = {
    "falco_load_results": [
        {
            "name": "/tmp/000-shop.yaml",
            "successful": False,
            "errors": [
                {
                    "code": "LOAD_ERR_COMPILE_CONDITION",
                    "message": "filter_check called with nonexistent field proc.nam",
                    "context": {
                        "locations": [
                            {"item_type": "rule", "position": {"line": 3, "column": 2}},
                            {"item_type": "condition expression", "position": {"line": 9, "column": 2}},
                        ]
                    },
                }
            ],
        }
    ]
}


def program(folder: Path, script: str) -> str:
    path = folder / "falco"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_it_is_found_by_name_or_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path, "exit 0")
    assert find_falco(path) == path
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_falco("falco") == path
    assert find_falco("no-such-falco") == ""
    assert find_falco("") == ""


def test_it_gets_the_files_in_their_order(tmp_path: Path) -> None:
    falco = program(tmp_path, 'echo "$@" >"$(dirname "$0")/words"; cat "$6" "$8" >"$(dirname "$0")/texts"')
    said = validate(falco, "/etc/falco/other.yaml", [("/etc/b.yaml", "one"), ("a.yaml", "two")], str(tmp_path))
    assert said.valid
    words = (tmp_path / "words").read_text().split()
    assert words[:4] == ["-c", "/etc/falco/other.yaml", "-o", "json_output=true"]
    assert [os.path.basename(word) for word in words[5::2]] == ["000-b.yaml", "001-a.yaml"]
    assert (tmp_path / "texts").read_text() == "onetwo"
    assert sorted(os.listdir(tmp_path)) == ["falco", "texts", "words"]


def test_its_errors_are_told(tmp_path: Path) -> None:
    said = validate(program(tmp_path, f"echo '{json.dumps(_REFUSAL)}'; exit 1"), "", [("x.yaml", "")], str(tmp_path))
    assert not said.valid
    assert said.errors == (
        "LOAD_ERR_COMPILE_CONDITION: shop.yaml, line 4: filter_check called with nonexistent field proc.nam",
    )


@pytest.mark.parametrize("output", ["not JSON", "[]", "{}"])
def test_what_it_says_otherwise_is_told_as_it_is(tmp_path: Path, output: str) -> None:
    said = validate(program(tmp_path, f"echo '{output}'; echo cannot >&2; exit 1"), "", [("x.yaml", "")], str(tmp_path))
    assert said.errors == ("cannot",)


def test_a_falco_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(falco_program, "_SECONDS", 0.2)
    with pytest.raises(RulesTaskError, match="has not checked the rules"):
        validate(program(tmp_path, "exec sleep 60"), "", [("x.yaml", "")], str(tmp_path))


def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "falco").write_text("")
    with pytest.raises(RulesTaskError, match="cannot be run"):
        validate(str(tmp_path / "falco"), "", [("x.yaml", "")], str(tmp_path))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import RulesTaskError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.run import Outcome, run
from ansible_collections.bulkhead.container_security.plugins.modules.falco_rules import argument_spec
from tests.unit.plugins.module_utils.falco.rules.rule_cases import rule

_MACRO = "- macro: opening\n  condition: evt.type = open\n"
_BAD = rule("evt.type = opn")


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "rules.d"


def task(dest: Path, *contents: str, check: bool = False, **options: Any) -> Outcome:
    rules = [{"name": f"{number}.yaml", "content": text, "src": None} for number, text in enumerate(contents)]
    defaults = {name: spec.get("default") for name, spec in argument_spec().items()}
    params = {**defaults, "rules": rules, "dest": str(dest), "falco": "", **options}
    return run(params, check=check, temporary=str(dest.parent))


def test_rules_are_installed_once(dest: Path) -> None:
    assert task(dest, rule(), state="present", check=True).result["changed"]
    assert not dest.exists()
    assert task(dest, rule(), state="present").result["changed"]
    assert (dest / "0.yaml").read_text() == rule()
    assert not task(dest, rule(), state="present").result["changed"]


def test_rules_that_falco_would_not_load_are_not_installed(dest: Path) -> None:
    for fail_on in ("error", "never"):
        outcome = task(dest, _BAD, state="present", fail_on=fail_on)
        assert "there is no event type opn" in outcome.failure
        assert not outcome.result["valid"]
        assert not dest.exists()


def test_checking_changes_nothing_and_fails_as_told(dest: Path) -> None:
    unused = rule() + _MACRO
    assert task(dest, _BAD).failure
    assert not task(dest, _BAD, fail_on="never").failure
    assert not task(dest, unused).failure
    assert "LOAD_UNUSED_MACRO" in task(dest, unused, fail_on="warning").failure
    assert not task(dest, unused, fail_on="warning", ignore=["LOAD_UNUSED_MACRO"]).failure
    assert task(dest, _BAD, ignore=["LOAD_ERR_COMPILE_CONDITION"]).failure
    assert task(dest, rule(), ignore=["LOAD_TYPO"]).warnings == ["ignore: no issue has the code LOAD_TYPO"]
    assert not dest.exists()


def test_several_errors_are_counted(dest: Path) -> None:
    assert "and 1 more, see issues" in task(dest, _BAD, rule("x", name="two")).failure


def test_the_base_is_known_and_not_judged(dest: Path, tmp_path: Path) -> None:
    base = tmp_path / "falco_rules.yaml"
    base.write_text(_MACRO + "- list: unused\n  items: []\n")
    outcome = task(dest, rule("opening"), base=[str(base)], fail_on="warning", state="present")
    assert (outcome.failure, outcome.result["issues"]) == ("", [])
    assert [each["name"] for each in outcome.result["rules"]] == ["one"]
    assert [file.name for file in dest.iterdir()] == ["0.yaml"]


def test_what_breaks_another_file_is_an_error(dest: Path) -> None:
    dest.mkdir()
    (dest / "9.yaml").write_text(rule("opening", name="theirs"))
    assert not task(dest, _MACRO, state="present").failure
    (dest / "0.yaml").unlink()
    assert "9.yaml" in task(dest, rule(), state="present").failure
    assert not task(dest, rule(), state="present", exclusive=True).failure
    assert [file.name for file in dest.iterdir()] == ["0.yaml"]


def falco(folder: Path, code: int) -> str:
    path = folder / "falco"
    path.write_text(f"#!/bin/sh\necho no >&2\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def test_falco_has_the_last_word(dest: Path, tmp_path: Path) -> None:
    refused = task(dest, rule(), state="present", falco=falco(tmp_path, 1))
    assert refused.failure.endswith("refuses the rules, and nothing was changed: no")
    assert not dest.exists()
    taken = task(dest, rule(), state="present", falco=falco(tmp_path, 0))
    assert taken.result["falco"] == {"program": str(tmp_path / "falco"), "asked": True, "errors": []}
    assert not task(dest, rule(), state="present").result["falco"]["asked"]


def test_removing(dest: Path) -> None:
    task(dest, rule(), state="present")
    assert task(dest, "", state="absent").result["changed"]
    assert not task(dest, "", state="absent").result["changed"]


def test_plugins_decide_on_fields(dest: Path) -> None:
    text = rule("evt.type = open and container.id = host")
    assert not task(dest, text).failure
    assert task(dest, text, plugins=[]).failure
    assert not task(dest, text, plugins=[{"name": "container", "version": None}]).failure
    with pytest.raises(RulesTaskError, match="the fields of mine are not known here"):
        task(dest, text, plugins=[{"name": "mine", "version": None}])


def test_findings_go_to_a_report(dest: Path) -> None:
    result = task(dest, _BAD, fail_on="never", target="node-1").result
    assert [each["control"] for each in result["findings"]] == ["falco.rule.valid"]
    assert result["summary"]["status"]["fail"] == 1
    assert "falco.rule.cost" in result["controls"]

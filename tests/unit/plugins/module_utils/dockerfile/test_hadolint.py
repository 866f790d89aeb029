# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hadolint itself, and programs that answer as it does when something is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile import hadolint
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from tests.tooling.places import REPOSITORY
from tests.unit.plugins.module_utils.dockerfile.judged import built, errors, judged

# The one of the environment for development, whatever Python these tests run on.
_PROGRAM = str(REPOSITORY / ".build" / "venv" / "bin" / "hadolint")


def _controls(text: str, **given: Any) -> dict[str, str]:
    result = judged(text, hadolint="required", hadolint_path=_PROGRAM, **given)
    return {row["control"]: row["subject"]["line"] for row in result["findings"] if row["status"] == "fail"}


def test_what_it_knows_better_is_told_with_its_line() -> None:
    found = _controls(built("ENV A=1\nRUN echo $x"))
    assert found == {"hadolint.SC2086": "3"}


def test_what_ours_says_already_is_not_told_twice() -> None:
    body = "WORKDIR srv\nRUN sudo apt-get update && apt-get install -y curl\nADD a /a\nMAINTAINER me\nCMD a\nCMD b"
    found = _controls(built(body, "debian"))
    assert not {f"hadolint.{rule}" for rule in hadolint.SAME} & set(found)
    assert {"dockerfile.run.sudo", "dockerfile.copy.added", "dockerfile.stage.base_latest"} <= set(found)


def test_what_ours_does_not_find_it_still_tells() -> None:
    found = _controls(built("ADD a /a"), overrides={"dockerfile.copy.added": {"enabled": False}})
    assert found == {"hadolint.DL3020": "2"}


def test_its_own_comments_are_respected() -> None:
    assert _controls(built("# hadolint ignore=SC2086\nRUN echo $x")) == {}


def test_a_comment_of_ours_may_accept_what_it_says() -> None:
    comment = "# bulkhead ignore=hadolint.SC2086 owner=web expires=2999-01-01 Words are wanted."
    assert _controls(built(f"{comment}\nRUN echo $x")) == {}


def test_selections() -> None:
    text = built("RUN echo $x\nRUN sudo a")
    assert set(_controls(text, skip=["hadolint.*"])) == {"dockerfile.run.sudo"}
    assert set(_controls(text, select=["hadolint.SC2086"])) == {"hadolint.SC2086"}


def test_what_looked_for_rules_says_so() -> None:
    result = judged(built(""), hadolint="required", hadolint_path=_PROGRAM)
    assert "hadolint.*" in result["controls"]
    assert result["versions"]["hadolint"][0].isdigit()
    assert "hadolint.*" not in judged(built(""))["controls"]


def test_its_configuration_is_found_at_the_root_or_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(built("RUN echo $x"))
    (tmp_path / "own.yaml").write_text("ignored: [SC2086]\n")
    given: dict[str, Any] = {
        "paths": [str(tmp_path)],
        "hadolint": "required",
        "hadolint_path": _PROGRAM,
        "audit_context": False,
    }
    assert [row["control"] for row in judged(**given)["findings"] if row["status"] == "fail"] == ["hadolint.SC2086"]
    own = judged(**given, hadolint_config=str(tmp_path / "own.yaml"))["findings"]
    (tmp_path / ".hadolint.yaml").write_text("ignored: [SC2086]\n")
    assert not [row for row in own + judged(**given)["findings"] if row["status"] == "fail"]


def test_a_file_that_it_stumbles_over_takes_no_other_with_it(tmp_path: Path) -> None:
    """hadolint 2.15.1 ends with a fault of its own at a WORKDIR of one letter."""
    (tmp_path / "Dockerfile.a").write_text(built("WORKDIR x"))
    for number in range(5):
        (tmp_path / f"Dockerfile.{number}").write_text(built("RUN echo $x"))
    result = judged(paths=[str(tmp_path)], hadolint="required", hadolint_path=_PROGRAM, audit_context=False)
    rules = [row["subject"]["name"] for row in result["findings"] if row["control"] == "hadolint.SC2086"]
    assert rules == [f"Dockerfile.{number}" for number in range(5)]
    (error,) = errors(result)
    assert error.startswith("hadolint gave no report of this file: ")


def test_a_heredoc_that_it_cannot_read_is_an_error_and_no_failure() -> None:
    """Its grammar takes no instruction behind a heredoc; Docker's does."""
    result = judged(built("RUN <<EOF\nset -e\na\nEOF"), hadolint="required", hadolint_path=_PROGRAM)
    assert [row["control"] for row in result["findings"] if row["status"] == "fail"] == []
    assert all(error.startswith("hadolint gave no report of this file: ") for error in errors(result))


def _program(folder: Path, body: str) -> str:
    path = folder / "hadolint"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("body", "fault"),
    [("echo '[1]'", "a row that is no object"), ('echo \'[{"file": "x"}]\'', "cannot be used")],
)
def test_an_answer_that_is_none(tmp_path: Path, body: str, fault: str) -> None:
    with pytest.raises(DockerfileError, match=fault):
        judged(built(""), hadolint="required", hadolint_path=_program(tmp_path, body))


@pytest.mark.parametrize("body", ["exit 3", "echo '{}'", "echo nonsense", "kill -9 $$"])
def test_no_answer_is_an_error_of_the_file(tmp_path: Path, body: str) -> None:
    (error,) = errors(judged(built(""), hadolint="required", hadolint_path=_program(tmp_path, body)))
    assert error == "hadolint gave no report of this file: it gave no report"


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(DockerfileError, match="there is no program '/nowhere'; install it, or set hadolint_path"):
        judged(built(""), hadolint="required", hadolint_path="/nowhere")
    assert judged(built(""), hadolint="auto", hadolint_path="/nowhere")["versions"] == {}


def test_files_go_in_batches(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    program = _program(tmp_path, f"echo $# >> {calls}; echo '[]'")
    assert hadolint.run(program, {f"/f{number}": f"f{number}" for number in range(120)}, str(tmp_path), None) == []
    assert sorted(calls.read_text().split()) == ["24", "54", "54"]

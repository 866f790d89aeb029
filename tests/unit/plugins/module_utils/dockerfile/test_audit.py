# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerfile_audit returns: identities, waivers of comments, stored snapshots, selections, and no secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from tests.unit.plugins.module_utils.dockerfile.judged import built, failed, judged

_SUDO = "dockerfile.run.sudo"


def _sudo(text: str) -> list[dict[str, Any]]:
    return [row for row in judged(text)["findings"] if row["control"] == _SUDO]


def test_a_finding_names_its_line_and_is_the_same_when_lines_move() -> None:
    (before,) = _sudo(built("RUN sudo a"))
    (after,) = _sudo("# a comment\n\n" + built("ENV A=1\nRUN  sudo \\\n  a"))
    assert (before["subject"]["line"], after["subject"]["line"]) == ("2", "5")
    assert before["evidence"] == {"line": 2, "text": "RUN sudo a"}
    assert before["fingerprint"] == after["fingerprint"]


def test_messages_are_in_the_order_of_lines() -> None:
    assert judged(built("RUN sudo a\nADD a /a\nRUN true"))["messages"] == [
        "Dockerfile:2: medium dockerfile.run.sudo: No command is run by sudo",
        "Dockerfile:3: low dockerfile.copy.added: COPY is used where ADD does nothing more",
    ]
    (error,) = judged("FROM a\nNOTHING")["messages"]
    assert error == "Dockerfile:2: high dockerfile.file.syntax: parsed: Dockerfile:2: 'NOTHING' is no instruction"


def test_equal_instructions_are_told_apart() -> None:
    first, second = _sudo(built("RUN sudo a\nRUN true\nRUN sudo a"))
    assert second["subject"]["name"] == first["subject"]["name"] + "#2"
    assert first["fingerprint"] != second["fingerprint"]


def test_another_text_is_another_finding() -> None:
    assert _sudo(built("RUN sudo a"))[0]["fingerprint"] != _sudo(built("RUN sudo b"))[0]["fingerprint"]


def test_no_secret_is_returned() -> None:
    secret = "correct-horse-battery"
    bodies = [
        f"ENV DB_PASSWORD={secret}",
        f"ENV DB_PASSWORD {secret}",
        f"ARG NPM_TOKEN='{secret}'",
        f"LABEL a.password={secret}",
        f"RUN mysql --password={secret} && sudo a",
        f"RUN PGPASSWORD={secret} sudo psql",
        f"RUN git clone https://me:{secret}@example.com/a && sudo a",
        f"RUN echo 'root:{secret}' | sudo chpasswd",
        f"COPY <<EOF /a\npassword={secret}\nEOF",
        f"CMD run --token={secret}",
        f"ADD https://me:{secret}@example.com/a /a",
    ]
    for body in bodies:
        result = judged(built(body), include_snapshot=True, include_passes=True)
        assert secret not in json.dumps(result), body
        assert [row for row in result["findings"] if row["status"] == "fail" and row["actual"]], body


def test_a_comment_accepts_a_finding_and_becomes_a_waiver() -> None:
    result = judged(built(f"# bulkhead ignore={_SUDO} owner=web expires=2999-01-31 The base image has it.\nRUN sudo a"))
    (finding,) = [row for row in result["findings"] if row["control"] == _SUDO]
    assert finding["status"] == "waived"
    assert finding["waiver"] == {
        "id": "Dockerfile#1",
        "owner": "web",
        "reason": "The base image has it.",
        "expires": "2999-01-31",
    }
    assert result["summary"]["status"]["waived"] == 1
    (waiver,) = result["waivers"]
    assert waiver["subject"] == {"name": [finding["subject"]["name"], "Dockerfile"]}


def test_a_comment_speaks_of_the_next_instruction_and_the_file_alone() -> None:
    comment = f"# bulkhead ignore={_SUDO},dockerfile.file.healthcheck owner=web expires=2999-01-31 Needed."
    text = f"FROM debian:12\nRUN sudo a\n{comment}\n\n# more\nRUN sudo b\nRUN sudo c\nUSER 1"
    status = {row["subject"]["line"]: row["status"] for row in judged(text)["findings"] if row["control"] == _SUDO}
    assert status == {"2": "fail", "6": "waived", "7": "fail"}
    assert failed(text) == {"run.sudo"}


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        (f"ignore={_SUDO}", "Dockerfile:2: the waiver has no owner"),
        (f"ignore={_SUDO} owner=web expires=2999-01-31", "Dockerfile:2: the waiver has no reason"),
        (f"ignore={_SUDO} owner=web Needed.", "Dockerfile:2: the waiver has no expires"),
        (f"ignore={_SUDO} owner=web expires=soon Needed.", "Dockerfile:2: expires takes a day"),
        ("ignore=dockerfile.run.sudoo owner=web expires=2999-01-31 Needed.", "names no control"),
        ("ignore= owner=web expires=2999-01-31 Needed.", "the waiver has no control"),
    ],
)
def test_a_comment_that_accepts_nothing_is_a_finding(comment: str, fault: str) -> None:
    result = judged(built(f"# bulkhead {comment}\nRUN sudo a"))
    (finding,) = [row for row in result["findings"] if row["control"] == "dockerfile.file.ignores"]
    assert fault in finding["actual"][0]
    assert [row["status"] for row in result["findings"] if row["control"] == _SUDO] == ["fail"]


def test_a_stored_snapshot_is_judged_to_the_same_findings() -> None:
    text = built(f"# bulkhead ignore={_SUDO} owner=web expires=2999-01-31 Needed.\nRUN sudo a\nADD a /a", "debian")
    first = judged(text, include_snapshot=True)
    again = judged(snapshot=json.loads(json.dumps(first["snapshot"])))
    assert again["findings"] == first["findings"]
    assert again["summary"] == first["summary"]


@pytest.mark.parametrize(
    ("part", "value"), [("hadolint", {"a": 1}), ("hadolint", [1]), ("waivers", [{"id": "a"}]), ("waivers", [1])]
)
def test_a_snapshot_that_was_tampered_with_is_refused(part: str, value: Any) -> None:
    snapshot = judged(built(""), include_snapshot=True)["snapshot"]
    with pytest.raises(ControlError, match="snapshot: "):
        judged(snapshot={**snapshot, part: value})


def test_rows_of_ones_own_and_overrides() -> None:
    row = {
        "id": "own.label",
        "title": "t",
        "scope": "variable",
        "severity": "low",
        "actual": "text",
        "expected": {"matches": "x"},
    }
    text = built("LABEL y=1\nRUN sudo a")
    assert failed(text, controls=[row], overrides={_SUDO: {"enabled": False}}) == {"own.label"}
    with pytest.raises(ControlError, match="names no control"):
        judged(text, skip=["dockerfile.none"])


def test_selections_may_name_rules_of_hadolint() -> None:
    text = built("RUN sudo a\nADD a /a")
    assert failed(text, skip=["hadolint.*", "*.sudo"]) == {"copy.added"}
    assert judged(text, select=["hadolint.DL3006"])["findings"] == []


def test_counts_hold_what_is_returned() -> None:
    result = judged(built("RUN sudo a"), include_passes=True)
    for status, number in result["summary"]["status"].items():
        assert number == sum(row["status"] == status for row in result["findings"])

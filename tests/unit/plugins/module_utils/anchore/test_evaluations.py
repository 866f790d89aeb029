# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer to a policy check: what is read from it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.evaluations import (
    canonical,
    evaluation_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import Reason
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

TAG, DIGEST = "docker.io/library/nginx:1", "sha256:" + "a" * 64
HEADER = ["Image_Id", "Trigger_Id", "Gate", "Trigger", "Check_Output", "Gate_Action", "Whitelisted"]


def row(status: str = "fail", action: str = "stop", rows: Any = (), moment: str = "2026-01-02", **more: Any) -> Any:
    table = {"result": {"header": HEADER, "rows": list(rows)}}
    result = {"final_action": action, "final_action_reason": "policy_evaluation", "result": {"id": table}, **more}
    return {"policyId": "p1", "status": status, "last_evaluation": moment, "detail": {"result": result}}


def answer(*rows: Any, tag: str = TAG, digest: str = DIGEST) -> list[Any]:
    return [{digest: {tag: list(rows)}}]


def cells(action: Any = "STOP", excuse: Any = False) -> list[Any]:
    return ["id", "CVE-1+x", "vulnerabilities", "package", "HIGH\n found", action, excuse]


def test_the_verdict_and_its_reasons() -> None:
    excuse = {"whitelist_id": "w", "whitelist_name": "Known"}
    found = evaluation_from(answer(row(rows=[cells(), cells("warn", excuse)])), "nginx:1", DIGEST)
    assert (found.action, found.passed, found.policy_id, found.why) == ("stop", False, "p1", "policy_evaluation")
    assert found.reasons == (
        Reason("vulnerabilities", "package", "CVE-1+x", "HIGH found", "stop"),
        Reason("vulnerabilities", "package", "CVE-1+x", "HIGH found", "warn", "Known"),
    )


@pytest.mark.parametrize("tag", ["docker.io/nginx:1", "docker.io/library/nginx:1"])
def test_the_tag_is_known_in_either_spelling(tag: str) -> None:
    assert evaluation_from(answer(row("pass", "go"), tag=tag), "nginx:1", DIGEST).passed


def test_the_newest_evaluation_counts() -> None:
    found = evaluation_from(answer(row("pass", "go"), row(moment="2026-02-01")), TAG, DIGEST)
    assert (found.action, found.evaluated_at) == ("stop", "2026-02-01")


def test_a_warning_lets_through_and_a_status_alone_suffices() -> None:
    assert evaluation_from(answer(row("pass", "warn")), TAG, DIGEST).passed
    bare = {"policyId": "p1", "status": "fail", "last_evaluation": "", "detail": {}}
    assert evaluation_from(answer(bare), TAG, DIGEST).action == "stop"
    assert evaluation_from(answer({**bare, "status": "pass"}), TAG, DIGEST).action == "go"


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, "invalid_answer", "no evaluation"),
        ([], "invalid_answer", "no evaluation"),
        (["x"], "invalid_answer", "no evaluation"),
        (answer(row("pass", "go"), digest="sha256:" + "b" * 64), "wrong_digest", "Anchore told of sha256:bbb"),
        ([{}], "wrong_digest", "told of nothing"),
        ([{DIGEST: None}], "invalid_answer", "another tag"),
        (answer(row("pass", "go"), tag="docker.io/library/redis:1"), "invalid_answer", "another tag"),
        (answer(), "not_analysed", "no evaluation of"),
        ([{DIGEST: {TAG: "x"}}], "not_analysed", "no evaluation of"),
        (answer("x"), "invalid_answer", "status is missing"),
        (answer(row("maybe")), "invalid_answer", "status is maybe"),
        (answer(row("pass", "stop")), "invalid_answer", "pass and stop at once"),
        (answer(row("fail", "go")), "invalid_answer", "fail and go at once"),
        (answer(row("pass", "perhaps")), "invalid_answer", "pass and perhaps at once"),
        (answer(row(rows=[cells()[:3]])), "invalid_answer", "table of reasons is broken"),
        (answer(row(rows=["x"])), "invalid_answer", "table of reasons is broken"),
        (answer(row(rows=[cells("explode")])), "invalid_answer", "has the action explode"),
        (answer(row(rows=[cells(None)])), "invalid_answer", "has the action none"),
    ],
)
def test_an_answer_that_cannot_be_trusted_is_no_verdict(value: Any, kind: str, said: str) -> None:
    with pytest.raises(ScannerError) as caught:
        evaluation_from(value, TAG, DIGEST)
    assert caught.value.kind == kind
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{TAG}: ")


@pytest.mark.parametrize(
    ("reference", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("docker.io/nginx:1", "docker.io/library/nginx:1"),
        ("localhost:5000/a/b", "localhost:5000/a/b:latest"),
        (f"quay.io/a/b@{DIGEST}", f"quay.io/a/b@{DIGEST}"),
    ],
)
def test_names_are_completed_as_docker_does(reference: str, full: str) -> None:
    assert canonical(reference) == full

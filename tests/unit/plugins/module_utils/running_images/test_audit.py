# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_audit: what is told of images that run, in both directions."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.running_images.audit import audit

ONE = "sha256:" + "1" * 64
TWO = "sha256:" + "2" * 64
WEB = "registry.example.com/shop/web:1.4"


def now(days: float = 0) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()


def verdict(digest: str = ONE, action: str = "go", **more: Any) -> dict[str, Any]:
    return {"digest": digest, "action": action, "reference": WEB, "evaluated_at": now(), **more}


def running(*digests: str, name: str = WEB) -> list[dict[str, Any]]:
    return [{"name": name, "digests": list(digests), "used_by": ["Deployment shop/web"]}]


def failures(**params: Any) -> dict[str, Any]:
    found = audit({"target": "production", **params})["findings"]
    return {finding["control"].rpartition(".")[2]: finding for finding in found if finding["status"] == "fail"}


def test_a_scanned_admitted_and_approved_image_is_no_finding() -> None:
    assert not failures(images=running(ONE), evaluations=[verdict()], approved={WEB: ONE}, max_evaluation_days=7)


def test_an_image_that_was_never_scanned() -> None:
    found = failures(images=running(ONE), evaluations=[verdict(TWO)])
    assert set(found) == {"scanned"}
    assert found["scanned"]["actual"] == [ONE]
    assert found["scanned"]["evidence"]["used_by"] == ["Deployment shop/web"]


def test_a_verdict_on_the_same_name_says_nothing_of_a_content_that_the_tag_was_moved_to() -> None:
    assert set(failures(images=running(TWO), evaluations=[verdict(ONE)])) == {"scanned"}


def test_of_two_contents_under_a_name_the_worse_counts() -> None:
    found = failures(images=running(ONE, TWO), evaluations=[verdict(ONE), verdict(TWO, "stop")])
    assert set(found) == {"policy"}
    assert found["policy"]["actual"] == [TWO]


def test_a_refusal_gives_its_reasons() -> None:
    reasons = [
        {"gate": "dockerfile", "trigger": "effective_user", "message": "root runs it", "action": "stop"},
        {"gate": "metadata", "trigger": "attribute", "message": "large", "action": "warn"},
    ]
    found = failures(images=running(ONE), evaluations=[verdict(action="stop", reasons=reasons)])
    assert found["policy"]["evidence"]["reasons"] == ["dockerfile effective_user: root runs it"]


def test_the_newest_verdict_counts() -> None:
    old, new = verdict(action="stop", evaluated_at=now(3)), verdict()
    assert not failures(images=running(ONE), evaluations=[old, new])
    assert not failures(images=running(ONE), evaluations=[new, old])


def test_a_verdict_under_the_same_name_counts_before_a_newer_one_under_another() -> None:
    own, other = verdict(action="stop", evaluated_at=now(1)), verdict(reference="example.com/other:1")
    assert set(failures(images=running(ONE), evaluations=[own, other])) == {"policy"}


def test_an_old_evaluation() -> None:
    params = {"images": running(ONE), "evaluations": [verdict(evaluated_at=now(9))]}
    assert set(failures(**params)) == {"evaluation_age"}
    assert not failures(**params, max_evaluation_days=10)


def test_nanoseconds_are_read_and_a_verdict_without_a_time_is_an_error() -> None:
    stamp = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
    assert not failures(images=running(ONE), evaluations=[verdict(evaluated_at=stamp)])
    result = audit({"target": "t", "images": running(ONE), "evaluations": [verdict(evaluated_at="")]})
    assert [row["control"] for row in result["findings"] if row["status"] == "error"] == [
        "image.running.evaluation_age"
    ]


@pytest.mark.parametrize("approved", [{WEB: ONE}, {"registry.example.com/shop/web": [ONE]}, {"other:1": ONE}])
def test_what_was_not_approved(approved: dict[str, Any]) -> None:
    found = failures(images=running(TWO), evaluations=[verdict(TWO)], approved=approved)
    assert set(found) == {"approved"}
    assert found["approved"]["actual"] == [TWO]


def test_no_approvals_asks_for_none_and_what_has_no_digest_cannot_be_approved() -> None:
    assert "approved" not in failures(images=running(ONE), evaluations=[verdict()])
    result = audit({"target": "t", "images": running(), "approved": {WEB: ONE}})
    by_control = {row["control"]: row["status"] for row in result["findings"]}
    assert by_control["image.running.approved"] == "fail"
    assert by_control["image.running.identified"] == by_control["image.running.scanned"] == "fail"


def test_docker_names_are_completed() -> None:
    assert not failures(
        images=running(ONE, name="nginx"), approved={"docker.io/library/nginx:latest": ONE}, evaluations=[verdict()]
    )


def docker_snapshot() -> dict[str, Any]:
    image = {
        "subject": {"kind": "image", "name": WEB},
        "id": "sha256:aa",
        "digests": [f"registry.example.com/shop/web@{ONE}"],
    }
    local = {"subject": {"kind": "image", "name": "built:1"}, "id": "sha256:bb", "digests": []}
    containers = [
        {"subject": {"kind": "container", "name": "web"}, "image": WEB, "image_id": "sha256:aa", "running": True},
        {"subject": {"kind": "container", "name": "own"}, "image": "built:1", "image_id": "sha256:bb", "running": True},
        {"subject": {"kind": "container", "name": "old"}, "image": "old:1", "image_id": "sha256:cc", "running": False},
    ]
    return {"kind": "docker", "subjects": {"image": [image, local], "container": containers}}


def test_a_docker_host_tells_what_runs_and_a_built_image_is_known_by_its_id() -> None:
    evaluations = [verdict(), {"image_id": "sha256:bb", "action": "stop", "evaluated_at": now()}]
    result = audit(
        {"target": "t", "snapshots": [docker_snapshot()], "evaluations": evaluations, "include_snapshot": True}
    )
    assert [row["subject"]["name"] for row in result["snapshot"]["subjects"]["running_image"]] == ["built:1", WEB]
    found = {(row["control"], row["subject"]["name"]) for row in result["findings"] if row["status"] == "fail"}
    assert found == {("image.running.identified", "built:1"), ("image.running.policy", "built:1")}


def test_a_cluster_tells_what_runs_and_a_stored_snapshot_is_judged_again() -> None:
    image = {"subject": {"kind": "image", "name": WEB}, "digests": [ONE], "used_by": ["Pod a/b"], "users": 7}
    given = {"kind": "k8s", "subjects": {"image": [image]}}
    first = audit({"target": "t", "snapshots": [given, given], "include_snapshot": True})
    assert first["snapshot"]["subjects"]["running_image"][0]["users"] == 14
    assert audit({"target": "t", "snapshot": first["snapshot"]})["findings"] == first["findings"]


def test_what_runs_is_told_as_a_scan_takes_it() -> None:
    told = audit({"target": "t", "snapshots": [docker_snapshot()]})["to_scan"]
    assert told == [{"image": f"registry:registry.example.com/shop/web@{ONE}", "name": WEB, "digest": ONE}]


def test_files(tmp_path: Path) -> None:
    evaluations, approved = tmp_path / "e.json", tmp_path / "a.json"
    evaluations.write_text(json.dumps({"images": [verdict(action="stop")]}))
    approved.write_text(json.dumps({WEB: TWO}))
    found = failures(images=running(ONE), evaluations_path=str(evaluations), approved_path=str(approved))
    assert set(found) == {"policy", "approved"}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"evaluations": [{"digest": "latest", "action": "go"}]}, "evaluations[0]: digest must be sha256:"),
        ({"evaluations": [verdict(action="maybe")]}, "evaluations[0]: action must be one of go, warn, stop"),
        ({"evaluations": ["x"]}, "evaluations[0]: must be a dictionary"),
        ({"approved": {WEB: "1.4"}}, f"approved: {WEB}: '1.4' is no digest"),
        ({"approved": {WEB: []}}, f"approved: {WEB}: needs a digest"),
        ({"snapshots": [{"kind": "nats"}]}, "snapshots: this is no snapshot of docker_audit or k8s_audit"),
        ({"images": [{"name": ""}]}, "images[0]: name is missing"),
        ({"evaluations_path": "/nowhere.json"}, "evaluations_path: /nowhere.json cannot be read"),
        ({"max_evaluation_days": -1}, "the limit must not be negative"),
    ],
)
def test_bad_input_is_one_sentence(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ControlError) as caught:
        audit({"target": "t", **params})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)

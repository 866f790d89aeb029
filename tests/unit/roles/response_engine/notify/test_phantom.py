# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""phantom: a container, then its artifact, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bulkhead_response.notify.phantom import Phantom
from bulkhead_response.outcome import Outcome
from tests.unit.roles.response_engine.answering import KEY, Reply, Seen, told


def _told(folder: Path, answer: Callable[[Seen], Reply]) -> tuple[Outcome, list[Seen]]:
    (folder / "token").write_text("s3cret")
    return told(lambda url: Phantom({"url": url, "token_file": str(folder / "token")}), answer)


def test_a_container_and_its_artifact(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Reply:
        return Reply(body={"success": True, "id": 5 if seen.path == "/rest/container" else 6})

    outcome, [container, artifact] = _told(tmp_path, answer)
    assert (outcome.status, outcome.details) == ("done", {"container": 5})
    assert {seen.headers["ph-auth-token"] for seen in (container, artifact)} == {"s3cret"}
    assert (container.path, artifact.path) == ("/rest/container", "/rest/artifact")
    assert container.json["name"] == "Terminal shell in container: shop/web"
    assert (container.json["label"], container.json["severity"]) == ("events", "medium")
    assert (artifact.json["container_id"], artifact.json["cef"]["pod"]) == (5, "web")
    assert {seen.json["source_data_identifier"] for seen in (container, artifact)} == {KEY}


def _again(artifacts: list[dict[str, int]]) -> Callable[[Seen], Reply]:
    """SOAR on a second delivery, with what it has of the container's artifacts."""

    def answer(seen: Seen) -> Reply:
        if seen.path == "/rest/container":
            return Reply(400, {"failed": True, "message": "duplicate", "existing_container_id": 5})
        if seen.method == "GET":
            assert seen.query == {"_filter_source_data_identifier": f'"{KEY}"', "_filter_container_id": "5"}
            return Reply(body={"count": len(artifacts), "data": artifacts})
        return Reply(body={"success": True, "id": 6})

    return answer


def test_what_is_there_already(tmp_path: Path) -> None:
    outcome, seen = _told(tmp_path, _again([{"id": 6}]))
    assert (outcome.status, outcome.message) == ("already_done", "Splunk SOAR has container 5 already")
    assert [request.method for request in seen] == ["POST", "GET"]


def test_an_artifact_that_is_missing_yet(tmp_path: Path) -> None:
    """The first delivery was cut off between the two."""
    outcome, seen = _told(tmp_path, _again([]))
    assert (outcome.status, seen[2].method, seen[2].json["container_id"]) == ("done", "POST", 5)


def test_a_refusal(tmp_path: Path) -> None:
    outcome, seen = _told(tmp_path, lambda _seen: Reply(400, {"failed": True, "message": "label is not known"}))
    assert (outcome.status, outcome.retry, len(seen)) == ("failed", False, 1)
    assert "label is not known" in outcome.message

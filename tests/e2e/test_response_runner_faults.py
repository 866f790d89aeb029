# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is lost and nothing done twice, whatever dies, stops, fills up or goes away, and whenever."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

from nats.js.errors import APIError

from tests.e2e.daemon_config import fill_up, small_filesystem
from tests.e2e.response_doubles import Double
from tests.e2e.response_fixtures import delete_and_tell
from tests.e2e.response_stage import ResponseStage, alert, response_stage

_ALERTS = 40


def _acted_once(response: ResponseStage, outside: Double, number: int) -> None:
    """Each pod deleted once, each notification received by its key, each decision recorded once."""
    assert dict(outside.deleted) == {f"web-{each}": 1 for each in range(number)}
    assert len(outside.told) == number
    assert response.statuses() == {alert(each)["uuid"]: ["acted"] for each in range(number)}


def test_a_runner_that_is_killed_at_its_work_leaves_it_to_the_next(response: ResponseStage, outside: Double) -> None:
    """Killed between begun and ended of the deletion, then of the notification."""
    response.config["rules"][0]["steps"][0]["timeout"] = 60
    response.start()
    outside.open.clear()
    response.publish([alert(0)])
    response.wait("deletion that hangs", lambda: outside.waiting == 1)
    response.kill()
    outside.open.set()
    response.wait("deletion that nobody heard of", lambda: outside.deleted["web-0"] == 1)
    outside.open.clear()
    response.start()
    response.wait("notification that hangs", lambda: outside.waiting == 1)
    response.kill()
    outside.open.set()
    response.start()
    response.await_finished()
    _acted_once(response, outside, 1)
    states = [(subject[-1], entry["state"]) for subject, entry in response.records("journal")]
    assert states == [("0", "begun"), ("0", "begun"), ("0", "ended"), ("1", "begun"), ("1", "begun"), ("1", "ended")]
    assert set(outside.told.values()) == {2}  # at least once, with one key


def test_a_step_that_must_not_be_repeated_is_a_dead_letter_when_in_doubt(
    response: ResponseStage, outside: Double
) -> None:
    response.config["rules"][0]["steps"][0]["on_doubt"] = "skip"
    response.start()
    outside.open.clear()
    response.publish([alert(1)])
    response.wait("deletion that hangs", lambda: outside.waiting == 1)
    response.kill()
    outside.open.set()
    response.start()
    response.await_finished()
    assert response.statuses()[alert(1)["uuid"]] == ["failed"]
    [(subject, letter)] = response.records("dead")
    assert subject == "response.dead.action_failed"
    assert "whether it was done is not known" in letter["message"]


def _deleted_more_than(outside: Double, number: int) -> bool:
    return len(outside.deleted) > number


def test_killed_again_and_again_under_load(response: ResponseStage, outside: Double) -> None:
    response.start()
    for part in range(4):
        response.publish([alert(part * 10 + number) for number in range(10)])
        response.wait("some work", partial(_deleted_more_than, outside, part * 10 + 3))
        response.kill()
        response.start(wait=False)
    response.await_finished()
    _acted_once(response, outside, _ALERTS)


def test_nats_that_is_killed_comes_back_and_nothing_is_lost(response: ResponseStage, outside: Double) -> None:
    response.start()
    outside.open.clear()
    response.publish([alert(number) for number in range(_ALERTS)])
    response.wait("deletions that hang", lambda: outside.waiting > 10)
    response.nats.kill()
    outside.open.set()
    response.wait("runner that is not ready", lambda: response.get("/readyz")[0] == 503)
    response.nats.start()
    response.await_finished()
    _acted_once(response, outside, _ALERTS)


def test_a_partition_loses_nothing_and_doubles_nothing(response: ResponseStage, outside: Double) -> None:
    """Longer than the consumer waits for an acknowledgement, so that all is delivered a second time."""
    response.start()
    outside.open.clear()
    response.publish([alert(number) for number in range(_ALERTS)])
    response.wait("deletions that hang", lambda: outside.waiting > 10)
    response.nats.pause()
    try:
        outside.open.set()
        response.wait("runner that knows", lambda: response.get("/readyz")[0] == 503)
    finally:
        response.nats.resume()
    response.await_finished()
    _acted_once(response, outside, _ALERTS)


def test_an_api_server_that_is_gone_is_tried_again(response: ResponseStage, outside: Double) -> None:
    outside.status = 503
    response.start()
    response.publish([alert(number) for number in range(3)])
    response.wait("retries", lambda: "bulkhead_response_retries_total 3" in response.get("/metrics")[1])
    outside.status = 200
    response.await_finished()
    _acted_once(response, outside, 3)


def test_after_the_last_try_there_is_a_dead_letter_and_the_next_alert_is_answered(
    response: ResponseStage, outside: Double
) -> None:
    response.config["limits"]["max_deliver"] = 2
    response.config["rules"][0]["steps"].pop()
    outside.status = 503
    response.start()
    response.publish([alert(0, **{"k8s.pod.uid": "uid-0"})])
    response.await_finished()
    assert response.statuses() == {alert(0)["uuid"]: ["failed"]}
    assert [subject for subject, _letter in response.records("dead")] == ["response.dead.action_failed"]
    outside.status = 200
    response.publish([alert(1, "web-0", **{"k8s.pod.uid": "uid-0"})])
    response.await_finished()
    assert response.statuses()[alert(1)["uuid"]] == ["acted"]


def test_windows_outlive_the_runner(response: ResponseStage, outside: Double) -> None:
    response.config["limits"]["dedup_seconds"] = 3600
    response.start()
    response.publish([alert(0, **{"k8s.pod.uid": "uid-0"})])
    response.await_finished()
    response.kill()
    response.start()
    response.publish([alert(1, "web-0", **{"k8s.pod.uid": "uid-0"})])
    response.await_finished()
    assert response.statuses()[alert(1)["uuid"]] == ["deduplicated"]
    assert len(outside.told) == 1


def test_a_full_disk_under_the_log_stops_nothing_and_the_log_is_completed(
    response: ResponseStage, outside: Double, tmp_path: Path
) -> None:
    with small_filesystem(tmp_path / "small") as folder:
        log = folder / "decisions.jsonl"
        response.config["record"]["log_file"] = str(log)
        response.start()
        filler = fill_up(folder)
        response.publish([alert(number) for number in range(5)])
        response.await_finished()
        before = log.read_text()
        assert before == "" or before.endswith("\n")
        filler.unlink()
        response.publish([alert(5)])
        response.await_finished()
        assert "\nbulkhead_response_log_failures_total " in response.get("/metrics")[1]
        response.wait("whole log", lambda: len(log.read_text().splitlines()) == 6)
        assert response.stop() == 0
    _acted_once(response, outside, 6)


def test_nothing_is_done_that_could_not_be_recorded(response: ResponseStage, outside: Double) -> None:
    """The stream of the records is full: no step is begun. When there is room again, all is answered."""
    response.ask(lambda js: js.update_stream(name="RESPONSE", subjects=["response.>"], max_bytes=20_000, discard="new"))
    _fill(response)
    response.start()
    response.publish([alert(number) for number in range(3)])
    response.wait("retries", lambda: "\nbulkhead_response_retries_total " in response.get("/metrics")[1])
    assert not outside.deleted
    response.ask(lambda js: js.purge_stream("RESPONSE"))
    response.await_finished()
    _acted_once(response, outside, 3)


def test_a_full_disk_under_jetstream_is_waited_for(outside: Double, tmp_path: Path) -> None:
    store, folder = small_filesystem(tmp_path / "small", "16m"), tmp_path / "small" / "jetstream"
    with store as small, response_stage(tmp_path / "stage", store=folder) as response:
        response.make_streams()
        response.config["kubernetes"] = {"server": outside.url}
        response.config["rules"] = [delete_and_tell(outside)]
        response.publish([alert(number) for number in range(3)])
        filler = fill_up(small)
        response.start(wait=False)
        response.wait("trouble", lambda: "sending it again" in response.last_words())
        assert not outside.deleted
        filler.unlink()
        response.nats.kill()
        response.nats.start()
        response.await_finished()
        _acted_once(response, outside, 3)


def test_a_stream_that_is_made_anew_is_read_from_its_beginning(response: ResponseStage, outside: Double) -> None:
    response.start()
    response.publish([alert(0)])
    response.await_finished()
    response.ask(lambda js: js.delete_stream("FALCO"))
    response.make_streams()
    response.publish([alert(1)])
    response.await_finished()
    _acted_once(response, outside, 2)


def _fill(response: ResponseStage) -> None:
    async def fill(js: Any) -> None:
        size = 4096
        while size:
            try:
                await js.publish("response.filler", b"x" * size)
            except APIError:
                size //= 4

    response.ask(fill)


def test_told_to_end_it_finishes_what_it_has_begun(response: ResponseStage, outside: Double) -> None:
    response.start()
    outside.open.clear()
    response.publish([alert(0)])
    response.wait("deletion that hangs", lambda: outside.waiting == 1)
    response.runner.terminate()
    time.sleep(0.2)
    outside.open.set()
    assert response.runner.wait(timeout=60) == 0
    assert response.unfinished() == 0
    _acted_once(response, outside, 1)

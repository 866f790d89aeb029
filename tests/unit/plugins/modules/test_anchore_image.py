# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""anchore_image as a module: a check predicts a run, a second run does nothing, and a failure hides nothing."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.modules import anchore_image
from tests.lab.anchore.engine import Engine
from tests.lab.anchore.library import BROKEN, CLEAN, REFUSED, library
from tests.lab.ansible import run_module
from tests.unit.documented_options import documented, taken
from tests.unit.lab_engine import speaking
from tests.unit.scripted_http import scripted_http

_PASSWORD = "s3cret-word"


def _run(engine: Engine, *rows: dict[str, Any], check: bool = False, **more: Any) -> dict[str, Any]:
    with scripted_http(speaking(engine)) as server:
        access = {"url": server.url, "username": "admin", "password": _PASSWORD, "retries": 0, "wait_interval": 0.05}
        answer = run_module("anchore_image", {**access, "images": list(rows), **more}, check=check, diff=True)
    assert _PASSWORD not in json.dumps(answer)
    assert not check or all(each.method == "GET" for each in server.asked)
    return answer


def test_the_documentation_is_of_the_options_there_are() -> None:
    assert documented(anchore_image) == taken(anchore_image)


def test_a_check_predicts_what_a_run_does_and_a_second_run_does_nothing() -> None:
    engine = library(0.0)
    rows = ({"tag": CLEAN, "annotations": {"team": "shop"}}, {"tag": REFUSED})
    predicted, done, again = _run(engine, *rows, check=True), _run(engine, *rows), _run(engine, *rows)
    assert (predicted["changed"], done["changed"], again["changed"]) == (True, True, False)
    assert [row["action"] for row in predicted["images"]] == [row["action"] for row in done["images"]]
    assert "{'team': 'shop'}" in predicted["diff"]["after"]
    assert (again["requests"], again["diff"]) == (1, {"before": "", "after": ""})


def test_a_failure_is_named_and_the_others_are_told() -> None:
    answer = _run(library(0.0), {"tag": BROKEN}, {"tag": CLEAN})
    assert answer["failed"]
    assert answer["msg"] == f"1 of 2 images: {BROKEN}: the engine could not analyse it"
    assert (answer["changed"], answer["images"][1]["analysis_status"]) == (True, "analyzed")


def test_removal() -> None:
    engine = library(0.0)
    _run(engine, {"tag": CLEAN})
    predicted = _run(engine, {"tag": CLEAN}, state="absent", check=True)
    done = _run(engine, {"tag": CLEAN}, state="absent")
    assert predicted["changed"]
    assert (done["changed"], done["images"][0]["action"], engine.images) == (True, "removed", {})
    assert _run(engine, {"tag": CLEAN}, state="absent")["changed"] is False


def test_options_that_cannot_be_used_change_nothing() -> None:
    engine = library(0.0)
    assert "wait_interval: must be more than 0" in _run(engine, {"tag": CLEAN}, wait_interval=0)["msg"]
    assert "declared twice" in _run(engine, {"tag": CLEAN}, {"tag": "nginx:1.27"})["msg"]
    assert engine.images == {}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""anchore_image_info as a module: what it returns, and that it changes nothing and fails for no finding."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.modules import anchore_image_info
from tests.lab.anchore.engine import Engine
from tests.lab.anchore.library import CLEAN, REFUSED, library
from tests.lab.ansible import run_module
from tests.unit.documented_options import documented, taken
from tests.unit.lab_engine import speaking
from tests.unit.scripted_http import scripted_http

_PASSWORD = "s3cret-word"


def _run(engine: Engine, *rows: dict[str, Any], check: bool = False, **more: Any) -> dict[str, Any]:
    with scripted_http(speaking(engine)) as server:
        access = {"url": server.url, "username": "admin", "password": _PASSWORD, "retries": 0}
        answer = run_module("anchore_image_info", {**access, "images": list(rows), **more}, check=check)
    assert _PASSWORD not in json.dumps(answer)
    assert all(each.method == "GET" for each in server.asked)
    return answer


def test_the_documentation_is_of_the_options_there_are() -> None:
    assert documented(anchore_image_info) == taken(anchore_image_info)


def test_verdicts_are_told_and_what_is_not_known_is_warned_of() -> None:
    engine = library(0.0)
    engine.answer("POST", "/images", {}, {"tag": REFUSED})
    rows = ({"tag": REFUSED}, {"tag": CLEAN})
    told, checked = _run(engine, *rows), _run(engine, *rows, check=True)
    assert not told.get("failed")
    assert told["changed"] is False
    assert [row["action"] for row in told["images"]] == ["stop", ""]
    assert told["findings"] == checked["findings"]
    # The digest, the vulnerabilities and the verdict of one, and nothing of the other.
    assert told["requests"] == 5
    assert f"There is no answer on {CLEAN}" in json.dumps(told["warnings"])


def test_vulnerabilities_alone() -> None:
    engine = library(0.0)
    engine.answer("POST", "/images", {}, {"tag": REFUSED})
    told = _run(engine, {"tag": REFUSED}, evaluate=False, minimum_severity="high")
    assert [row["id"] for row in told["images"][0]["vulnerability_list"]] == ["CVE-2024-1001"]
    assert told["images"][0]["passed"] is None

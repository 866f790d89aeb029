# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module on a small engine, as a target would, and hold it to what no module may do."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.ansible import run_module
from tests.unit.scripted_http import scripted_http
from tests.unit.small_engine import SmallEngine

PASSWORD = "s3cret-word"


def run_on(engine: SmallEngine, module: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """What the module returns; its password is nowhere in it, and a check writes nothing."""
    engine.written.clear()
    with scripted_http(engine) as server:
        access = {"url": server.url, "username": "admin", "password": PASSWORD, "retries": 0}
        answer = run_module(module, {**access, **options}, check=check, diff=True)
    assert PASSWORD not in json.dumps(answer)
    assert not (check and engine.written)
    return answer

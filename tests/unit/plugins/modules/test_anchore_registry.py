# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""anchore_registry as a module: what it writes, and where passwords are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.modules import anchore_registry
from tests.unit.documented_options import documented, taken
from tests.unit.run_on_engine import run_on
from tests.unit.small_engine import SmallEngine

_PASSWORD = "pull-me-4ever"
_REGISTRY = {"registry": "registry.example.com:5000", "username": "puller", "password": _PASSWORD}


def _run(engine: SmallEngine, *registries: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = run_on(engine, "anchore_registry", registries=list(registries), **more)
    assert _PASSWORD not in json.dumps(answer)
    return answer


def test_the_documentation_is_of_the_options_there_are() -> None:
    assert documented(anchore_registry) == taken(anchore_registry)


def test_passwords_are_kept_out_of_logs() -> None:
    spec = anchore_registry.argument_spec()
    assert spec["password"]["no_log"] is True
    assert spec["registries"]["options"]["password"]["no_log"] is True


def test_a_check_predicts_what_a_run_does_and_a_second_run_does_nothing() -> None:
    engine = SmallEngine()
    predicted = _run(engine, _REGISTRY, check=True)
    done = _run(engine, _REGISTRY)
    assert (predicted["changed"], predicted["registries"], predicted["diff"]) == (
        True,
        done["registries"],
        done["diff"],
    )
    assert engine.registries["registry.example.com:5000"]["registry_pass"] == _PASSWORD
    again = _run(engine, _REGISTRY)
    assert (again["changed"], again["requests"]) == (False, 1)


@pytest.mark.parametrize("password", ["wrong"])
def test_credentials_that_the_registry_refuses_are_told_without_the_password(password: str) -> None:
    answer = _run(SmallEngine(), {**_REGISTRY, "password": password})
    assert answer["failed"]
    assert answer["msg"].startswith("registry registry.example.com:5000: ")
    assert password not in answer["msg"]


def test_nothing_is_written_where_one_of_many_cannot_be_meant() -> None:
    engine = SmallEngine()
    answer = _run(engine, _REGISTRY, {"registry": "https://x.example.com"})
    assert answer["msg"].startswith("registry: 'https://x.example.com' must be host:port")
    assert engine.written == []

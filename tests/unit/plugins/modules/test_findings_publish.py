# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""findings_publish as a module: what it chooses, and what it refuses before anything is sent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.publishing import Published
from ansible_collections.bulkhead.container_security.plugins.modules import findings_publish

_FINDING = {"control": "a.b", "target": "web-1", "status": "fail", "severity": "low", "fingerprint": "0" * 32}


def _params(**options: Any) -> dict[str, Any]:
    defaults = {name: spec.get("default") for name, spec in findings_publish.argument_spec().items()}
    return {**defaults, "servers": ["nats://127.0.0.1:1"], **options}


def test_findings_and_files_are_the_same(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps([_FINDING]))
    given = findings_publish._chosen(_params(findings=[_FINDING]))
    assert [event.subject for event in given] == ["findings.low.a.b"]
    assert findings_publish._chosen(_params(report=str(report))) == given
    assert findings_publish._chosen(_params(findings=[_FINDING], severity="high")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"servers": []}, "servers is empty"),
        ({"servers": ["http://x"]}, "is not an address"),
        ({"in_flight": 0}, "in_flight is 0: give a number from 1 to 1000"),
        ({"findings": {"msg": "it failed"}}, "That is no report"),
        ({"subject_prefix": "a b"}, "subject_prefix is 'a b'"),
    ],
)
def test_what_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(NatsError) as caught:
        findings_publish._chosen(_params(**{"findings": [_FINDING], **change}))
    assert said in str(caught.value)


def test_for_nothing_no_server_is_asked() -> None:
    assert asyncio.run(findings_publish._published(_params(), [])) == Published()

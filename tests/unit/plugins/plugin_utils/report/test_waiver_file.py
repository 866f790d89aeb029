# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A waivers file is read strictly, and each fault is told with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import WaiverError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.waiver_file import parse_waivers

GOOD = """\
---
# Reviewed every quarter.
waivers:
  - id: agent
    control: docker.container.privileged
    target: [web*, "db?"]
    subject:
      kind: container
      name: metrics-*
    owner: platform
    reason: It reads the host's counters.
    expires: 2030-12-31
  - id: lab
    control: "*"
    target: lab*
    owner: training
    reason: Rebuilt every night.
    expires: "2031-01-01"
"""


def test_the_place_of_each_waiver_is_its_line() -> None:
    agent, lab = parse_waivers(GOOD, "waivers.yml")
    assert (agent.id, agent.source, agent.expires.isoformat()) == ("agent", "waivers.yml:4", "2030-12-31")
    assert (lab.id, lab.source, lab.target) == ("lab", "waivers.yml:13", ("lab*",))
    assert dict(agent.subject) == {"kind": ("container",), "name": ("metrics-*",)}


@pytest.mark.parametrize("text", ["", "---\n", "waivers:\n", "waivers: []\n", "[]\n"])
def test_no_waivers_are_none(text: str) -> None:
    assert parse_waivers(text, "waivers.yml") == []


def test_rows_may_stand_alone() -> None:
    assert len(parse_waivers(GOOD.split("waivers:\n")[1], "waivers.yml")) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("waivers:\n  - id: a\n   bad\n", "w.yml:3: not YAML"),
        ("waiver: []\n", "w.yml:1: a waivers file holds one key, waivers"),
        ("waivers:\n  a: 1\n", "w.yml:2: waivers must be a list"),
        ("waivers: text\n", "w.yml:1: waivers must be a list"),
        ("waivers:\n  - text\n", "w.yml:2: a waiver is a mapping"),
        ("waivers: []\nwaivers: []\n", "w.yml:2: 'waivers' stands already at w.yml:1"),
        (GOOD.replace("    owner: training\n", ""), "w.yml:13: the waiver has no owner"),
        (
            GOOD.replace("    owner: training\n", "    owner: a\n    owner: b\n"),
            "w.yml:17: 'owner' stands already at w.yml:16",
        ),
        (GOOD.replace("      kind: c", "      name: a\n      kind: c"), "w.yml:10: 'name' stands already at w.yml:8"),
        ("? [a]\n: b\n", "w.yml:1: a key must be text"),
        ("waivers:\n  - {[a]: b}\n", "w.yml:2: a key must be text"),
        ("[" * 5000, "w.yml: its YAML is nested too deeply"),
        (GOOD.replace("2030-12-31", "2030-02-31"), "w.yml:4: day is out of range"),
        (GOOD.replace("docker.container.privileged", "!!python/name:os.system"), "w.yml:4: could not determine"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(WaiverError) as caught:
        parse_waivers(text, "w.yml")
    assert str(caught.value).startswith(message)


def schema() -> Any:
    return json.loads((Path(__file__).parents[5] / "docs/schemas/waivers.schema.json").read_text("utf-8"))


def as_json(text: str) -> Any:
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def test_the_published_schema_agrees() -> None:
    jsonschema.validate(as_json(GOOD), schema())
    for wrong in (GOOD.replace("owner: training", "woner: training"), GOOD.replace("2030-12-31", "soon")):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(as_json(wrong), schema())
        with pytest.raises(WaiverError):
            parse_waivers(wrong, "waivers.yml")

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to actions and notifications knows them all, and its examples can be used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bulkhead_response.actions import ACTIONS
from bulkhead_response.notify import NOTIFICATIONS

_PAGE = (Path(__file__).parents[4] / "docs" / "guide_response_actions.md").read_text()
_BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)


def _steps(node: Any) -> Iterator[dict[str, Any]]:
    for item in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
        if isinstance(item, dict) and {"action", "notify"} & set(item):
            yield item
        else:
            yield from _steps(item)


_EXAMPLES = [step for block in _BLOCKS for step in _steps(yaml.safe_load(block))]


@pytest.mark.parametrize("step", _EXAMPLES, ids=lambda step: step.get("action") or step.get("notify"))
def test_an_example_can_be_used(step: dict[str, Any]) -> None:
    made = ACTIONS[step["action"]] if "action" in step else NOTIFICATIONS[step["notify"]]
    made(step.get("params") or {})


@pytest.mark.parametrize("name", [*ACTIONS, *NOTIFICATIONS])
def test_every_step_is_described(name: str) -> None:
    assert f"\n| `{name}` |" in _PAGE

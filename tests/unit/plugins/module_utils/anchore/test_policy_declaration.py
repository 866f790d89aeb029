# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles that options declare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.policy_declaration import (
    Declared,
    declarations,
    refusal,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import ENGINE_1_1_0
from tests.unit.plugins.module_utils.image_policy.test_parse import BUNDLE

_NONE: dict[str, Any] = {"bundle": None, "path": None, "id": None, "state": "present", "active": None}


def _declared(*rows: dict[str, Any], **single: Any) -> list[Declared]:
    return declarations({**_NONE, **single, "bundles": [{**_NONE, **row} for row in rows] or None}, ENGINE_1_1_0)


def _fault(*rows: dict[str, Any], **single: Any) -> str:
    with pytest.raises(AnchoreError) as caught:
        _declared(*rows, **single)
    assert caught.value.kind == "usage"
    return str(caught.value)


def test_one_bundle_or_several_from_options_and_files(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(json.dumps({**BUNDLE, "id": "c"}))
    [single] = _declared(bundle=BUNDLE, active=True)
    assert (single.id, single.active, single.problems) == ("b", True, ())
    several = _declared({"bundle": BUNDLE}, {"path": str(file)}, {"id": "gone", "state": "absent"})
    assert [(each.id, each.bundle is None) for each in several] == [("b", False), ("c", False), ("gone", True)]


def test_what_shall_be_gone_may_be_named_by_the_bundle_itself() -> None:
    assert _declared(bundle=BUNDLE, state="absent") == [Declared("b", None)]


def test_what_cannot_be_meant_is_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert _fault().startswith("bundle: a bundle that shall be there is needed")
    assert _fault(state="absent") == "id: is needed to tell which bundle shall be gone"
    assert _fault(id="c", bundle=BUNDLE) == "id: is c, and the bundle's own is b"
    assert _fault(id="a/b", state="absent") == "id: 'a/b' cannot be part of the engine's addresses"
    assert _fault(id="b", state="absent", active=True).startswith("active: a bundle that shall be gone cannot be")
    assert _fault({"bundle": BUNDLE}, {"bundle": BUNDLE}) == "bundles: b is declared twice"
    both = [{"bundle": BUNDLE, "active": True}, {"bundle": {**BUNDLE, "id": "c"}, "active": True}]
    assert _fault(*both) == "bundles: only one can be active, and b, c are declared to be"
    assert _fault(path=str(broken)).startswith(f"path: {broken} is not JSON: ")
    assert _fault(path=str(tmp_path / "none")) == f"path: {tmp_path / 'none'} cannot be read: No such file or directory"
    assert _fault(bundle={"id": "b", "version": "1_0"}) == "bundle: policies: is missing"


def test_errors_are_a_refusal_and_warnings_are_none() -> None:
    rule = {"gate": "alwaysx", "trigger": "always", "action": "STOP"}
    policies = [{"id": "p", "version": "1_0", "rules": [rule, rule]}]
    told = refusal(_declared(bundle={**BUNDLE, "policies": policies}))
    assert told.startswith(
        "2 errors in policy bundles, nothing was sent: b: policies[0].rules[0].gate: there is no gate"
    )
    assert refusal(_declared(bundle={**BUNDLE, "extra": 1})) == ""
    assert len(_declared(bundle={**BUNDLE, "extra": 1})[0].problems) == 1

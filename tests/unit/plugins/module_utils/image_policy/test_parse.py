# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles read from plain JSON and YAML, and what is said of those that are none."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Mapping, Parameter
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import (
    BundleError,
    bundle_from,
)

BUNDLE: dict[str, Any] = {
    "id": "b",
    "version": "1_0",
    "policies": [
        {
            "id": "p",
            "version": "1_0",
            "rules": [
                {
                    "gate": "dockerfile",
                    "trigger": "exposed_ports",
                    "action": "stop",
                    "params": [{"name": "ports", "value": 22}, {"name": "type", "value": "blacklist"}],
                }
            ],
        }
    ],
    "whitelists": [{"id": "w", "version": "1_0", "items": [{"gate": "files", "trigger_id": "*"}]}],
    "mappings": [
        {
            "name": "all",
            "registry": "*",
            "repository": "*",
            "image": {"type": "tag", "value": "*"},
            "policy_id": "p",
            "whitelist_ids": ["w"],
        }
    ],
}


def test_what_yaml_and_old_bundles_say_in_another_way_is_the_same() -> None:
    bundle = bundle_from(BUNDLE)
    [rule] = bundle.policies[0].rules
    assert rule.action == "STOP"
    assert rule.params[0] == Parameter("ports", "22")
    assert bundle.mappings == (Mapping("*", "*", "tag", "*", name="all", policy_ids=("p",), whitelist_ids=("w",)),)


@pytest.mark.parametrize("value", [datetime(2030, 1, 1, tzinfo=timezone.utc), "2030-01-01T00:00:00+00:00"])
def test_a_date_that_yaml_has_read_is_a_time_in_utc(value: object) -> None:
    given = copy.deepcopy(BUNDLE)
    given["whitelists"][0]["items"][0]["expires_on"] = value
    assert bundle_from(given).whitelists[0].items[0].expires_on == "2030-01-01T00:00:00Z"


def test_a_boolean_is_written_as_the_engine_does() -> None:
    given = copy.deepcopy(BUNDLE)
    given["policies"][0]["rules"][0]["params"][0]["value"] = True
    assert bundle_from(given).policies[0].rules[0].params[0].value == "true"


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("policies", 0, "rules", 0, "params", 1, "name"), None, "policies[0].rules[0].params[1].name: is missing"),
        (("policies", 0, "rules", 0, "params", 0, "value"), [22, 80], "params[0].value: must be text, not a list; a"),
        (("policies", 0, "rules", 0, "action"), "DENY", "'DENY', and must be one of GO, WARN, STOP"),
        (("policies", 0, "rules"), {}, "policies[0].rules: must be a list, not an object"),
        (("policies", 0), "p", "policies[0]: must be an object, not text"),
        (("policies",), None, "policies: is missing"),
        (("version",), 10, 'version: must be "1_0" in quotes'),
        (("mappings", 0, "image", "type"), "label", "mappings[0].image.type: is 'label', and must be one of tag,"),
        (("mappings", 0, "policy_ids"), ["p"], "mappings[0].policy_ids: stands beside policy_id"),
        (("mappings", 0, "whitelist_ids"), [1], "mappings[0].whitelist_ids[0]: must be text, not a number"),
        (("whitelists", 0, "items", 0, "trigger_id"), "", "whitelists[0].items[0].trigger_id: is missing"),
    ],
)
def test_what_is_no_bundle_is_told_with_its_place(place: tuple[Any, ...], value: object, sentence: str) -> None:
    given = copy.deepcopy(BUNDLE)
    parent: Any = given
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    with pytest.raises(BundleError) as caught:
        bundle_from(given)
    assert sentence in str(caught.value)


def test_what_is_no_object_is_told_without_a_place() -> None:
    with pytest.raises(BundleError, match="bundle: must be an object, not a list"):
        bundle_from([])

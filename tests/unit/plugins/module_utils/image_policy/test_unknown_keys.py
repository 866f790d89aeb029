# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that nothing reads."""

from __future__ import annotations

import copy

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.unknown_keys import unknown_keys
from tests.unit.plugins.module_utils.image_policy.test_parse import BUNDLE


def test_a_sound_bundle_has_none() -> None:
    assert unknown_keys(BUNDLE) == []
    assert unknown_keys("no bundle") == []


def test_each_is_named_with_its_place_and_the_closest_key() -> None:
    given = copy.deepcopy(BUNDLE)
    given["mappings"][0]["whitelists_ids"] = []
    given["mappings"][0]["image"]["values"] = "x"
    given["policies"][0]["rules"][0]["parameters"] = []
    assert [str(problem) for problem in unknown_keys(given)] == [
        "policies[0].rules[0].parameters: is passed over; did you mean 'params'?",
        "mappings[0].image.values: is passed over; did you mean 'value'?",
        "mappings[0].whitelists_ids: is passed over; did you mean 'whitelist_ids'?",
    ]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One way to write a bundle down, and what of a stored one counts."""

from __future__ import annotations

import copy

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.canonical import (
    as_declared,
    document,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from tests.unit.plugins.module_utils.image_policy.test_parse import BUNDLE


def test_a_document_is_read_to_the_same_document() -> None:
    written = document(bundle_from(BUNDLE))
    assert document(bundle_from(written)) == written
    assert written["mappings"][0]["policy_ids"] == ["p"]
    assert "policy_id" not in written["mappings"][0]


def test_lists_that_the_engine_fails_without_are_always_there() -> None:
    given = copy.deepcopy(BUNDLE)
    del (
        given["policies"][0]["rules"][0]["params"],
        given["mappings"][0]["whitelist_ids"],
        given["whitelists"][0]["items"],
    )
    written = document(bundle_from(given))
    assert written["policies"][0]["rules"][0]["params"] == []
    assert written["mappings"][0]["whitelist_ids"] == []
    assert written["whitelists"][0]["items"] == []
    assert written["blacklisted_images"] == []


def test_the_order_of_parameters_means_nothing() -> None:
    turned = copy.deepcopy(BUNDLE)
    turned["policies"][0]["rules"][0]["params"].reverse()
    assert document(bundle_from(turned)) == document(bundle_from(BUNDLE))


def test_ids_that_the_server_gave_are_no_difference_and_others_are() -> None:
    declared = document(bundle_from(BUNDLE))
    stored = copy.deepcopy(declared)
    stored["policies"][0]["rules"][0]["id"] = "given by the server"
    stored["mappings"][0]["id"] = "too"
    assert as_declared(declared, stored) == declared
    stored["policies"][0]["id"] = "q"
    assert as_declared(declared, stored) != declared


def test_a_rule_more_or_less_is_a_difference() -> None:
    declared = document(bundle_from(BUNDLE))
    longer, shorter = copy.deepcopy(declared), copy.deepcopy(declared)
    longer["policies"][0]["rules"] *= 2
    shorter["policies"][0]["rules"] = []
    assert as_declared(declared, longer) != declared
    assert as_declared(declared, shorter) != declared

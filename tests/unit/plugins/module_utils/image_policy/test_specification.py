# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of gates."""

from __future__ import annotations

import re

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import (
    DECIMAL,
    ENGINE_1_1_0,
    FORMS,
    NUMBERS,
    TEXTS,
)


def test_every_trigger_stands_under_its_own_name() -> None:
    assert len(ENGINE_1_1_0) == 13
    assert all(name == trigger.name for gate in ENGINE_1_1_0.values() for name, trigger in gate.items())
    assert sum(len(gate) for gate in ENGINE_1_1_0.values()) == 40


def test_a_parameter_is_found_by_name_and_alias_in_any_case() -> None:
    trigger = ENGINE_1_1_0["passwd_file"]["blacklist_usernames"]
    named = trigger.parameter("User_Names")
    assert named is not None
    assert trigger.parameter("usernameblacklist") is named
    assert trigger.parameter("users") is None


def test_forms_take_what_they_say() -> None:
    assert re.fullmatch(NUMBERS, "22, 80 ,443")
    assert not re.fullmatch(NUMBERS, "22,,80")
    assert re.fullmatch(TEXTS, "a b, c")
    assert not re.fullmatch(TEXTS, "a, ,b")
    assert not re.fullmatch(TEXTS, "")
    assert all(re.fullmatch(DECIMAL, text) for text in ("7", "7.5", " -1.", ".5"))
    assert not any(re.fullmatch(DECIMAL, text) for text in ("", ".", "--1", "seven"))
    assert all(re.compile(form) for form in FORMS)


def test_what_is_allowed_is_said_in_words() -> None:
    attribute = ENGINE_1_1_0["packages"]["verify"].parameter("check")
    ports = ENGINE_1_1_0["dockerfile"]["exposed_ports"].parameter("ports")
    assert attribute is not None
    assert ports is not None
    assert (attribute.allowed, ports.allowed) == ("one of changed, missing", FORMS[NUMBERS])

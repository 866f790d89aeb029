# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, and what must never be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkhead_response import names


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Terminal shell in container", "terminal_shell_in_container"),
        ("  Write below /etc!  ", "write_below_etc"),
        ("x.> *", "x"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("é", "unnamed"),
    ],
)
def test_a_slug_is_one_token(name: str, slug: str) -> None:
    assert names.slug(name) == slug


@given(st.text())
def test_every_slug_can_stand_in_a_subject(name: str) -> None:
    slug = names.slug(name)
    assert slug
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert names.slug(slug) == slug or slug == "unnamed"


@pytest.mark.parametrize("text", ["a\n", "a/b", "..", "a..b", "", "A b", "a\x00", "*", ">", "%2e%2e"])
def test_what_leads_elsewhere_is_no_name(text: str) -> None:
    valid = (names.is_namespace, names.is_object, names.is_host, names.is_container_id, names.is_uid, names.is_alert_id)
    assert not any(test(text) for test in valid)


def test_control_characters_are_found() -> None:
    for text in ("a\nb", "\x7f", "\u2028", "\ud800", "\x85"):
        assert names.has_control(text)
    assert not names.has_control("Terminal shell in container (user=ä)")

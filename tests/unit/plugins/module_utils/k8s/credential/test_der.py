# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DER: what is encoded is read again, and what is damaged is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import der


@given(st.binary(max_size=70_000))
def test_any_content_comes_back(content: bytes) -> None:
    whole = der.encode(der.UTF8_STRING, content)
    assert list(der.elements(whole)) == [der.Element(der.UTF8_STRING, content, whole)]


@pytest.mark.parametrize(
    ("dotted", "encoded"),
    [("2.5.4.3", "0603550403"), ("1.2.840.10045.4.3.2", "06082a8648ce3d040302")],
)
def test_object_identifiers(dotted: str, encoded: str) -> None:
    assert der.oid(dotted).hex() == encoded


@given(st.binary(max_size=200))
def test_anything_else_is_a_value_error_or_elements(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert b"".join(element.whole for element in der.elements(data)) == data

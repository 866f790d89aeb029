# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Kubernetes does not take as a label or taint is refused when the configuration is read."""

from __future__ import annotations

import pytest

from bulkhead_response.actions.label_names import check_keys, is_key, is_value
from bulkhead_response.errors import ConfigError


@pytest.mark.parametrize("key", ["a", "a.b_c-d", "example.com/a", "A1", "a" * 63])
def test_keys(key: str) -> None:
    assert is_key(key)


@pytest.mark.parametrize("key", ["", "/a", "a/", "a b", "-a", "a" * 64, "Example.com/a", "a/b/c", "a\n"])
def test_no_keys(key: str) -> None:
    assert not is_key(key)


def test_values() -> None:
    assert is_value("")
    assert is_value("a" * 63)
    assert not is_value("a b")
    assert not is_value("a" * 64)


def test_the_wrong_one_is_named() -> None:
    check_keys("annotations", {"a": "any text at all"}, values=False)
    with pytest.raises(ConfigError, match=r"^labels\.a: 'any text' is no value"):
        check_keys("labels", {"a": "any text"}, values=True)
    with pytest.raises(ConfigError, match=r"^labels\.a b: is no name"):
        check_keys("labels", {"a b": ""}, values=True)

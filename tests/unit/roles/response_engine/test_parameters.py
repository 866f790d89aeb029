# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong parameters are named, with what they should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bulkhead_response.errors import ConfigError
from bulkhead_response.parameters import Parameters


def test_an_unknown_parameter_has_a_likely_name() -> None:
    with pytest.raises(ConfigError, match=r"^grace_period: .*did you mean grace_period_seconds\?"):
        Parameters({"grace_period": 1}, ("grace_period_seconds", "other"))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("a\r\nb", lambda given: given.text("x")),
        (3, lambda given: given.text("x")),
        (None, lambda given: given.text("x")),
        (True, lambda given: given.integer("x", 0, 0, 9)),
        (2.5, lambda given: given.integer("x", 0, 0, 9)),
        (10, lambda given: given.integer("x", 0, 0, 9)),
        ("yes", lambda given: given.flag("x", False)),
        ("GET", lambda given: given.choice("x", "POST", ("POST", "PUT"))),
        ("a", lambda given: given.texts("x")),
        (["a", 1], lambda given: given.texts("x")),
        (["a"], lambda given: given.mapping("x")),
        ({"a": 1}, lambda given: given.one_lines("x")),
    ],
)
def test_wrong_values(value: Any, read: Callable[[Parameters], Any]) -> None:
    with pytest.raises(ConfigError, match=r"^x"):
        read(Parameters({"x": value}, ("x",)))


def test_right_values_and_defaults() -> None:
    given = Parameters({"n": 3, "f": 2.5, "t": "x", "l": ["a"], "m": {"k": "v"}}, ("n", "f", "t", "l", "m", "none"))
    assert (given.integer("n", 0, 0, 9), given.number("f", 1, 0, 9), given.text("t")) == (3, 2.5, "x")
    assert (given.texts("l"), given.one_lines("m"), given.mapping("none")) == (("a",), {"k": "v"}, {})
    assert (given.integer("none", 7, 0, 9), given.text("none", "d"), given.texts("none")) == (7, "d", ())

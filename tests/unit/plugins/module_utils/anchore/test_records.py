# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of records are typed before they are read."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.records import records


def test_records_with_their_names_come_back() -> None:
    assert records([{"id": "a", "x": 1}], "/x", "id") == [{"id": "a", "x": 1}]
    assert records([], "/x", "id") == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "/x: the engine's answer is no list"),
        ({"id": "a"}, "/x: the engine's answer is no list"),
        (["a"], "/x: the engine's answer holds what is no record"),
        ([{"id": 1}], "/x: a record of the engine has no id"),
    ],
)
def test_anything_else_is_one_sentence(value: object, sentence: str) -> None:
    with pytest.raises(AnchoreError) as caught:
        records(value, "/x", "id")
    assert (str(caught.value), caught.value.kind) == (sentence, "invalid_answer")

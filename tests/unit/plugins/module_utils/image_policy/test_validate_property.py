# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands anywhere in a bundle: it is read, or told of in one sentence, and nothing else happens."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.canonical import document
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import (
    BundleError,
    bundle_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.validate import (
    validate_document,
)
from tests.unit.plugins.module_utils.image_policy.test_parse import BUNDLE

_TEXTS = st.sampled_from(
    ["", "*", "regexp:(", "1_0", "p", "w", "dockerfile", "Always", "sha256:", "2030-01-01T00:00:00Z"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS | st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        below = [place for key, item in value.items() for place in _places(item, (*path, key))]
    elif isinstance(value, list):
        below = [place for index, item in enumerate(value) for place in _places(item, (*path, index))]
    else:
        below = []
    return [path, *below]


@given(st.sampled_from(_places(BUNDLE)), _VALUES)
def test_a_bundle_is_read_or_told_of(place: tuple[Any, ...], value: Any) -> None:
    given_bundle: Any = {"": copy.deepcopy(BUNDLE)}
    parent = given_bundle
    for key in ("", *place)[:-1]:
        parent = parent[key]
    parent[("", *place)[-1]] = value
    told = ""
    try:
        bundle, problems = validate_document(given_bundle[""])
    except BundleError as exc:
        told = str(exc)
    assert "\n" not in told
    if not told:
        assert all(problem.path for problem in problems)
        written = document(bundle)
        assert document(bundle_from(written)) == written

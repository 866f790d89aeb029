# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images a pattern selects, and which mapping is never reached."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    Bundle,
    ImageSelection,
    Mapping,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.selection import (
    expression,
    pattern_problem,
    selection_problems,
)

Images = tuple[ImageSelection, ...]

_ALL = Mapping("*", "*", "tag", "*", policy_ids=("p",))
_DIGEST = "sha256:" + 64 * "a"


def _problems(*mappings: Mapping, passing: Images = (), refused: Images = ()) -> list[str]:
    bundle = Bundle("b", (), mappings, whitelisted_images=passing, blacklisted_images=refused)
    return [f"{problem.level} {problem}" for problem in selection_problems(bundle)]


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "anything/at:all", True),
        ("library/*", "library/nginx", True),
        ("library/*", "other/library/nginx", False),
        ("docker.io", "dockerxio", False),
        ("regexp:ng(inx)?$", "nginx", True),
    ],
)
def test_a_star_is_anything_and_regexp_is_raw(pattern: str, text: str, fits: bool) -> None:
    assert (re.match(expression(pattern), text) is not None) is fits


def test_a_broken_expression_is_told() -> None:
    assert (
        pattern_problem("regexp:(")
        == "'regexp:(' is no regular expression: missing ), unterminated subpattern at position 0"
    )
    assert pattern_problem("(") == ""


@pytest.mark.parametrize(
    ("earlier", "later", "hidden"),
    [
        (_ALL, replace(_ALL, registry="docker.io"), True),
        (_ALL, replace(_ALL, image_type="digest", image_value=_DIGEST), True),
        (replace(_ALL, repository="library/*"), replace(_ALL, repository="library/nginx"), True),
        (replace(_ALL, image_value="1.*"), replace(_ALL, image_value="1.2.*"), True),
        (replace(_ALL, registry="regexp:a|b"), replace(_ALL, registry="a"), False),
        (replace(_ALL, registry="docker.io"), _ALL, False),
        (replace(_ALL, image_value="1.*"), replace(_ALL, image_type="digest", image_value=_DIGEST), False),
    ],
)
def test_a_mapping_behind_a_wider_one_is_never_reached(earlier: Mapping, later: Mapping, hidden: bool) -> None:
    problems = _problems(earlier, later)
    assert (problems != []) is hidden
    assert all(each.startswith("warning mappings[1]: is never reached, for mappings[0] takes") for each in problems)


def test_no_mapping_at_all_is_an_error() -> None:
    assert _problems() == ["error mappings: there is none, so that no policy judges any image"]


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        ("digest", "sha256:abc", "'sha256:abc' is no digest"),
        ("id", _DIGEST, "is no image id"),
        ("tag", "regexp:(", "is no regular expression"),
    ],
)
def test_a_value_that_selects_nothing_is_an_error(kind: str, value: str, sentence: str) -> None:
    selection = ImageSelection("*", "*", kind, value)
    [problem] = _problems(_ALL, refused=(selection,))
    assert problem.startswith("error blacklisted_images[0].image.value: ")
    assert sentence in problem


def test_a_pattern_of_a_registry_that_cannot_be_read_is_an_error() -> None:
    [problem] = _problems(replace(_ALL, registry="regexp:["))
    assert problem.startswith("error mappings[0].registry: 'regexp:[' is no regular expression")


def test_letting_every_image_pass_is_a_warning() -> None:
    problems = _problems(_ALL, passing=(ImageSelection("*", "*", "tag", "*"),))
    assert problems == ["warning whitelisted_images[0]: lets every image pass, whatever is in it"]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns that select images: whether they can be read, and which mapping an earlier one leaves nothing to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    Bundle,
    ImageSelection,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.problem import Problem

RAW_PREFIX = "regexp:"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{64}")


def expression(pattern: str) -> str:
    """The regular expression, matched from the start, that a pattern stands for: `*` is anything, `regexp:` is raw."""
    if pattern.strip().startswith(RAW_PREFIX):
        return pattern.strip()[len(RAW_PREFIX) :]
    return "^" + "(.*)".join(re.escape(part) for part in pattern.split("*")) + "$"


def pattern_problem(pattern: str) -> str:
    """Why a pattern cannot be read, "" where it can."""
    if not pattern.strip().startswith(RAW_PREFIX):
        return ""
    try:
        re.compile(expression(pattern))
    except re.error as exc:
        return f"{pattern!r} is no regular expression: {exc}"
    return ""


def selection_problems(bundle: Bundle) -> Iterator[Problem]:
    """What is wrong with mappings and lists of images."""
    if not bundle.mappings:
        yield Problem("mappings", "there is none, so that no policy judges any image")
    lists: tuple[tuple[str, tuple[ImageSelection, ...]], ...] = (
        ("mappings", bundle.mappings),
        ("whitelisted_images", bundle.whitelisted_images),
        ("blacklisted_images", bundle.blacklisted_images),
    )
    for name, selections in lists:
        for index, selection in enumerate(selections):
            yield from _patterns(f"{name}[{index}]", selection)
    for index, mapping in enumerate(bundle.mappings):
        hidden = next((at for at, earlier in enumerate(bundle.mappings[:index]) if _covers(earlier, mapping)), None)
        if hidden is not None:
            fault = f"is never reached, for mappings[{hidden}] takes every image that it selects; the first one decides"
            yield Problem(f"mappings[{index}]", fault, level="warning")
    for index, selection in enumerate(bundle.whitelisted_images):
        if _covers(selection, ImageSelection("*", "*", "tag", "*")):
            yield Problem(f"whitelisted_images[{index}]", "lets every image pass, whatever is in it", level="warning")


def _patterns(path: str, selection: ImageSelection) -> Iterator[Problem]:
    for key in ("registry", "repository"):
        fault = pattern_problem(getattr(selection, key))
        if fault:
            yield Problem(f"{path}.{key}", fault)
    fault = _value_fault(selection)
    if fault:
        yield Problem(f"{path}.image.value", fault)


def _value_fault(selection: ImageSelection) -> str:
    value = selection.image_value
    if selection.image_type == "digest" and not _DIGEST.fullmatch(value):
        return f"{value!r} is no digest; it is sha256: and 64 hexadecimal digits"
    if selection.image_type == "id" and not _ID.fullmatch(value):
        return f"{value!r} is no image id; it is 64 hexadecimal digits, without sha256:"
    return pattern_problem(value) if selection.image_type == "tag" else ""


def _covers(earlier: ImageSelection, later: ImageSelection) -> bool:
    """Whether every image that `later` selects is selected by `earlier`; in doubt, not."""
    names = _wider(earlier.registry, later.registry) and _wider(earlier.repository, later.repository)
    if not names:
        return False
    if earlier.image_type == "tag" and earlier.image_value == "*":
        return True
    if earlier.image_type != later.image_type:
        return False
    same = earlier.image_value == later.image_value
    return same or (earlier.image_type == "tag" and _wider(earlier.image_value, later.image_value))


def _wider(pattern: str, other: str) -> bool:
    if RAW_PREFIX in pattern or RAW_PREFIX in other:
        return pattern in ("*", other)
    return re.match(expression(pattern), other) is not None

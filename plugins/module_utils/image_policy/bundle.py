# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy bundle of Anchore Engine, typed: what may run, for which images, and what is excused until when.

The shape is that of `PolicyBundle` in the engine's API, version 1_0. Here is only shape; validate.py judges meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "1_0"
ACTIONS = ("GO", "WARN", "STOP")
IMAGE_TYPES = ("tag", "digest", "id")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a rule. The API knows text only; numbers and booleans of YAML become text."""

    name: str
    value: str


@dataclass(frozen=True)
class Rule:
    """When `trigger` of `gate` fires, the verdict is at least `action`: GO, WARN or STOP."""

    gate: str
    trigger: str
    action: str
    params: tuple[Parameter, ...] = ()
    id: str = ""

    def value(self, name: str) -> str | None:
        """The value of a parameter, by its name in any case, or None where the rule does not give it."""
        return next((given.value for given in self.params if given.name.lower() == name.lower()), None)


@dataclass(frozen=True)
class Policy:
    """Rules that are judged together."""

    id: str
    rules: tuple[Rule, ...] = ()
    version: str = VERSION
    name: str = ""
    comment: str = ""


@dataclass(frozen=True)
class ImageSelection:
    """Images by registry, repository and, as `image_type` tells, tag, digest or id.

    Registry, repository and tag may have `*` for anything, or be a regular expression after `regexp:`.
    """

    registry: str
    repository: str
    image_type: str
    image_value: str
    name: str = ""
    id: str = ""


@dataclass(frozen=True)
class Mapping(ImageSelection):
    """Which policies and whitelists judge the selected images. The first mapping that fits an image decides."""

    policy_ids: tuple[str, ...] = ()
    whitelist_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class WhitelistItem:
    """Excuses what a gate found. `trigger_id` may have `*`; `expires_on` is RFC 3339 in UTC, "" for never."""

    gate: str
    trigger_id: str
    id: str = ""
    expires_on: str = ""


@dataclass(frozen=True)
class Whitelist:
    """Excuses that go together."""

    id: str
    items: tuple[WhitelistItem, ...] = ()
    version: str = VERSION
    name: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Bundle:
    """A whole bundle. A blacklisted image never passes; one that is whitelisted, and not blacklisted, always does."""

    id: str
    policies: tuple[Policy, ...]
    mappings: tuple[Mapping, ...]
    whitelists: tuple[Whitelist, ...] = ()
    whitelisted_images: tuple[ImageSelection, ...] = ()
    blacklisted_images: tuple[ImageSelection, ...] = ()
    version: str = VERSION
    name: str = ""
    comment: str = ""

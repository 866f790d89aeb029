# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates over what is in the image: packages, npms, ruby_gems, licenses, metadata; and `always`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.gate import (
    CannotJudgeError,
    Match,
    Trigger,
    compared,
    listed,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import ImageFacts, Package

_UNITS = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4}


def always(_rule: Rule, _facts: ImageFacts) -> Iterator[Match]:
    """Whatever is in it."""
    yield Match("always", "The policy says so of every image that it judges")


def required_package(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """A package that must be there is not, or has another version."""
    name, version = rule.value("name") or "", rule.value("version") or ""
    found = [each for each in _packages(facts) if each.name == name]
    if not found:
        yield Match(name, f"The package {name} is not in it, and must be")
    elif not version or any(each.version == version for each in found):
        return
    elif (rule.value("version_match_type") or "exact") == "minimum":
        raise CannotJudgeError("Versions are compared by the package manager's own rules, which are not known here")
    else:
        yield Match(f"{name}-{version}", f"The package {name} has version {found[0].version}, and must have {version}")


def denied_package(rule: Rule, facts: ImageFacts, types: tuple[str, ...] = ()) -> Iterator[Match]:
    """A package is there that must not be."""
    name, version = rule.value("name") or "", rule.value("version") or ""
    for each in _packages(facts):
        wanted = each.name == name and version in ("", each.version) and (not types or each.type in types)
        if wanted:
            yield Match(f"{name}-{each.version}", f"The package {name} {each.version} is on the deny list")


def denied_npm(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """A package of npm is there that must not be."""
    return denied_package(rule, facts, ("npm",))


def denied_gem(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """A gem is there that must not be."""
    return denied_package(rule, facts, ("gem",))


def exact_license(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """A package has one of these licenses."""
    wanted = {name.lower() for name in listed(rule, "licenses")}
    # An expression of SPDX names several, as in (MIT OR Apache-2.0).
    return _licensed(facts, lambda text: bool(wanted & {text.lower(), *re.split(r"[\s()]+", text.lower())}))


def partial_license(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """A package has a license in whose name one of these words is."""
    wanted = [name.lower() for name in listed(rule, "licenses")]
    return _licensed(facts, lambda license_name: any(word in license_name.lower() for word in wanted))


def _licensed(facts: ImageFacts, is_wanted: Callable[[str], bool]) -> Iterator[Match]:
    for each in _packages(facts):
        denied = [name for name in each.licenses if is_wanted(name)]
        if denied:
            yield Match(f"{each.name}-{denied[0]}", f"The package {each.name} has the license {denied[0]}")


def attribute(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """A property of the image compares as it should not."""
    name, check, wanted = rule.value("attribute") or "", rule.value("check") or "", rule.value("value") or ""
    values = _attribute(name, facts)
    if _attribute_holds(name, check, values, wanted):
        yield Match(f"{name}_{check}", f"Its {name} is {', '.join(values) or 'not set'} ({check} {wanted})".rstrip())


def _attribute(name: str, facts: ImageFacts) -> list[str]:
    known = {
        "size": [] if facts.size is None else [str(facts.size)],
        "layer_count": [] if facts.layers is None else [str(facts.layers)],
        "architecture": [facts.architecture],
        "os_type": [facts.os],
        "distro": [facts.distro],
        "distro_version": [facts.distro_version],
        "like_distro": list(facts.like_distro),
    }
    values = [value for value in known.get(name, []) if value]
    if name in ("size", "layer_count") and not values:
        raise CannotJudgeError(f"Its {name} is not known")
    return values


def _attribute_holds(name: str, check: str, values: list[str], wanted: str) -> bool:
    if check in ("exists", "not_exists"):
        return bool(values) == (check == "exists")
    if check in ("<", ">", "<=", ">="):
        return any(compared(_number(value), check, _number(wanted)) for value in values)
    if name == "size" and check in ("=", "!="):
        return any(compared(_number(value), check, _number(wanted)) for value in values)
    choices = [part.strip() for part in wanted.split(",")]
    positive: dict[str, Callable[[str], bool]] = {
        "=": lambda value: value == wanted,
        "in": lambda value: value in choices,
        "like": lambda value: re.match(wanted, value) is not None,
    }
    negative = {"!=": "=", "not_in": "in", "not_like": "like"}
    if check in negative:
        return not any(positive[negative[check]](value) for value in values)
    return check in positive and any(positive[check](value) for value in values)


def _number(text: str) -> float:
    """A number, or a size in units of 1024."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    if found is None or found.group(2).lower() not in _UNITS:
        raise CannotJudgeError(f"{text!r} is no number")
    return float(found.group(1)) * _UNITS[found.group(2).lower()]


def _packages(facts: ImageFacts) -> tuple[Package, ...]:
    if facts.packages is None:
        raise CannotJudgeError("Its packages are not known: there is no bill of materials")
    return facts.packages


ALWAYS: dict[str, Trigger] = {"always": always}
PACKAGES: dict[str, Trigger] = {"required_package": required_package, "blacklist": denied_package}
NPMS: dict[str, Trigger] = {"blacklisted_name_version": denied_npm}
RUBY_GEMS: dict[str, Trigger] = {"blacklist": denied_gem}
LICENSES: dict[str, Trigger] = {"blacklist_exact_match": exact_license, "blacklist_partial_match": partial_license}
METADATA: dict[str, Trigger] = {"attribute": attribute}

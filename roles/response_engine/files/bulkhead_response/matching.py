# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Response rules, compiled once into functions that say whether an alert is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from bulkhead_response.alert import PRIORITIES, Alert
from bulkhead_response.config_reader import did_you_mean
from bulkhead_response.config_rules import MatchConfig, RuleConfig
from bulkhead_response.errors import ConfigError

Test = Callable[[str], bool]
Matcher = Callable[[Alert], bool]

_PRIORITY = re.compile(r"(>=|<=|=)?\s*([a-z]+)")
_RANKS = {name: rank for rank, name in enumerate(PRIORITIES)}
_HUB = ("docker.io/library/", "docker.io/")


def any_of(patterns: Iterable[str]) -> Test:
    """Whether a text is one of the patterns, in which `*` stands for anything."""
    given = tuple(patterns)
    plain = frozenset(pattern for pattern in given if "*" not in pattern)
    globs = [".*".join(map(re.escape, pattern.split("*"))) for pattern in given if "*" in pattern]
    if not globs:
        return plain.__contains__
    like = re.compile("|".join(globs), re.DOTALL).fullmatch
    return lambda text: text in plain or like(text) is not None


def images_like(patterns: Iterable[str]) -> Test:
    """Whether an image is one of the patterns, with or without its tag, its digest and Docker's own registry."""
    test = any_of(patterns)
    return lambda image: any(map(test, image_names(image)))


def image_names(image: str) -> set[str]:
    """All that an image may be called in a pattern."""
    bare = image.split("@", 1)[0]
    head, colon, tag = bare.rpartition(":")
    found = {image, bare, head if colon and "/" not in tag else bare}
    for prefix in _HUB:
        found |= {name[len(prefix) :] for name in found if name.startswith(prefix)}
    return found


def compile_match(rule: RuleConfig) -> Matcher:
    """Everything of a rule's match that the alert alone can answer. ConfigError for a priority that there is not."""
    tests = tuple(_tests(rule.match, f"{rule.path}.match"))
    return lambda alert: all(test(alert) for test in tests)


def compile_labels(match: MatchConfig) -> Callable[[Mapping[str, str]], bool]:
    """Whether the labels of a pod are those that a rule asks for."""
    tests = [(name, any_of(patterns)) for name, patterns in match.labels.items()]
    return lambda labels: all(name in labels and test(labels[name]) for name, test in tests)


def _tests(match: MatchConfig, path: str) -> Iterator[Matcher]:
    """The cheapest first."""
    if match.rules:
        rules = any_of(match.rules)
        yield lambda alert: rules(alert.rule)
    if match.priority:
        ranks = frozenset().union(*(_priorities(text, f"{path}.priority") for text in match.priority))
        yield lambda alert: alert.priority in ranks
    if match.sources:
        sources = any_of(match.sources)
        yield lambda alert: sources(alert.source)
    if match.namespaces:
        namespaces = any_of(match.namespaces)
        yield lambda alert: namespaces(alert.target.namespace)
    if match.tags:
        tags = any_of(match.tags)
        yield lambda alert: any(map(tags, alert.tags))
    if match.images:
        images = images_like(match.images)
        yield lambda alert: images(alert.target.image)
    for name, patterns in match.fields.items():
        yield _field_test(name, any_of(patterns))


def _field_test(name: str, test: Test) -> Matcher:
    def matches(alert: Alert) -> bool:
        value = alert.fields.get(name)
        return value is not None and test(_as_text(value))

    return matches


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _priorities(text: str, path: str) -> frozenset[str]:
    """The priorities that `>=notice` and the like stand for; at least notice is notice and everything worse."""
    found = _PRIORITY.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigError(f"{path} is {text!r}, and must be a priority, such as notice or >=warning")
    sign, name = found.groups()
    if name not in _RANKS:
        raise ConfigError(f"{path} is {text!r}{did_you_mean(name, PRIORITIES)}")
    rank = _RANKS[name]
    if sign == ">=":
        return frozenset(PRIORITIES[: rank + 1])
    return frozenset(PRIORITIES[rank:] if sign == "<=" else (name,))

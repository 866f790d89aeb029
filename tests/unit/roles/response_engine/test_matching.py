# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that match, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkhead_response.alert import Alert, Target
from bulkhead_response.config import read
from bulkhead_response.errors import ConfigError
from bulkhead_response.matching import any_of, compile_labels, compile_match, image_names

_ALERT = Alert(
    id="1",
    rule="Terminal shell in container",
    priority="warning",
    tags=frozenset({"mitre_execution", "shell"}),
    fields={"proc.name": "bash", "fd.num": 3, "proc.is_exe_upper_layer": True, "nothing": None},
    target=Target(namespace="shop", pod="web", image="docker.io/library/nginx:1.27"),
)


def _rule(match: dict[str, Any]) -> Any:
    return read({"rules": [{"name": "r", "match": match, "steps": [{"action": "a"}]}]}).rules[0]


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"rules": ["Terminal shell in container"]},
        {"rules": ["Other", "Terminal*"]},
        {"priority": "warning"},
        {"priority": ">=notice"},
        {"priority": ">=Warning"},
        {"priority": "<=warning"},
        {"priority": ["critical", "warning"]},
        {"tags": ["shell", "other"]},
        {"tags": ["mitre_*"]},
        {"sources": ["syscall"]},
        {"namespaces": ["sh*"]},
        {"images": ["nginx"]},
        {"images": ["nginx:1.27"]},
        {"images": ["*nginx*"]},
        {"images": ["docker.io/*"]},
        {"fields": {"proc.name": ["sh", "bash"]}},
        {"fields": {"fd.num": "3", "proc.is_exe_upper_layer": "true"}},
    ],
)
def test_it_matches(match: dict[str, Any]) -> None:
    assert compile_match(_rule(match))(_ALERT)


@pytest.mark.parametrize(
    "match",
    [
        {"rules": ["Terminal"]},
        {"rules": ["terminal*"]},
        {"priority": ">=error"},
        {"priority": "<=notice"},
        {"priority": "=notice"},
        {"tags": ["mitre"]},
        {"sources": ["k8s_audit"]},
        {"namespaces": ["shops"]},
        {"images": ["nginx:1.2"]},
        {"images": ["library"]},
        {"fields": {"proc.name": "zsh"}},
        {"fields": {"absent": "*"}},
        {"fields": {"nothing": "*"}},
        {"rules": ["Terminal*"], "namespaces": ["other"]},
    ],
)
def test_it_does_not_match(match: dict[str, Any]) -> None:
    assert not compile_match(_rule(match))(_ALERT)


@pytest.mark.parametrize("priority", ["loud", ">notice", "", ">= no tice"])
def test_a_priority_that_there_is_not_is_refused(priority: str) -> None:
    with pytest.raises(ConfigError, match=r"rules\[0\].match.priority"):
        compile_match(_rule({"priority": priority}))


def test_labels_are_all_needed() -> None:
    test = compile_labels(_rule({"labels": {"app": ["web", "shop-*"], "tier": "*"}}).match)
    assert test({"app": "shop-1", "tier": ""})
    assert not test({"app": "web"})
    assert not test({"app": "other", "tier": "front"})


def test_an_image_has_its_short_names() -> None:
    assert image_names("docker.io/library/nginx:1@sha256:0") >= {"nginx", "nginx:1", "docker.io/library/nginx"}
    assert image_names("registry:5000/app") == {"registry:5000/app"}


@given(st.text(alphabet="ab*.[?\n"), st.text(alphabet="ab.[?\n"))
def test_only_a_star_is_special(pattern: str, text: str) -> None:
    def like(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(like(pattern[1:], text[start:]) for start in range(len(text) + 1))
        return bool(text) and pattern[0] == text[0] and like(pattern[1:], text[1:])

    assert any_of([pattern])(text) == like(pattern, text)

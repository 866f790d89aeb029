# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies that the role anchore brings: sound as a whole, and their expressions mean what their names say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Bundle, Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.validate import (
    validate_document,
)

_FOLDER = Path(__file__).parents[4] / "roles" / "anchore" / "files" / "policies"


def _bundle(name: str) -> Bundle:
    bundle, problems = validate_document(json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8")))
    assert [str(problem) for problem in problems] == []
    return bundle


def _rule(bundle: Bundle, name: str) -> Rule:
    return next(rule for rule in bundle.policies[0].rules if rule.id == name)


def _fires(rule: Rule, text: str, parameter: str = "value") -> bool:
    return re.match(rule.value(parameter) or "", text) is not None


@pytest.mark.parametrize("name", ["baseline", "strict", "workshop"])
def test_a_policy_is_sound_and_every_rule_has_a_name(name: str) -> None:
    bundle = _bundle(name)
    assert bundle.id == f"bulkhead-{name}"
    assert all(rule.id for rule in bundle.policies[0].rules)
    assert {path.stem for path in _FOLDER.glob("*.json")} == {"baseline", "strict", "workshop"}


def test_the_workshop_refuses_every_privileged_port() -> None:
    ports = (_rule(_bundle("workshop"), "no-privileged-ports").value("ports") or "").split(",")
    assert [int(port) for port in ports] == list(range(1, 1024))


def test_the_workshop_refuses_root_however_it_is_written() -> None:
    users = (_rule(_bundle("workshop"), "no-root").value("users") or "").split(",")
    assert {"root", "0", "root:root", "0:0"} <= set(users)


def test_the_workshop_has_both_lists_of_images() -> None:
    bundle = _bundle("workshop")
    assert ("*", "latest") in {(each.repository, each.image_value) for each in bundle.blacklisted_images}
    assert [each.repository for each in bundle.whitelisted_images] == ["pause"]


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        ("nginx:latest", True),
        ("registry.example.com:5000/team/nginx:latest AS build", True),
        ("nginx:latest@sha256:0123", False),
        ("nginx:1.27-latest", False),
        ("registry.example.com:5000/nginx:1.27", False),
    ],
)
def test_a_base_with_the_tag_latest_is_found(line: str, fires: bool) -> None:
    assert _fires(_rule(_bundle("workshop"), "no-latest-base"), line) is fires


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        ("nginx", True),
        ("--platform=linux/amd64 registry.example.com:5000/team/nginx AS build", True),
        ("scratch", False),
        ("nginx:1.27", False),
        ("registry.example.com:5000/nginx:1.27 AS build", False),
        ("nginx@sha256:0123", False),
    ],
)
def test_a_base_without_a_tag_is_found(line: str, fires: bool) -> None:
    assert _fires(_rule(_bundle("strict"), "tagged-base"), line) is fires


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        ("DB_PASSWORD=hunter2", True),
        ("PATH=/bin API_KEY=abc", True),
        ("GITHUB_TOKEN abc", True),
        ("PATH=/usr/local/bin", False),
        ("LANG C.UTF-8", False),
        ("TOKENIZERS_PARALLELISM=false", True),
    ],
)
def test_secrets_in_env_are_found_by_their_name(line: str, fires: bool) -> None:
    assert _fires(_rule(_bundle("workshop"), "no-secrets-in-env"), line) is fires


@pytest.mark.parametrize(
    ("path", "fires"),
    [("/root/.ssh/id_rsa", True), ("/app/.env", True), ("/root/.ssh/id_rsa.pub", False), ("/app/x.env", False)],
)
def test_files_that_hold_keys_are_found_by_their_name(path: str, fires: bool) -> None:
    assert _fires(_rule(_bundle("workshop"), "no-key-files"), path, "regex") is fires


def test_strict_refuses_what_add_fetches_from_afar() -> None:
    rule = _rule(_bundle("strict"), "copy-not-add")
    assert _fires(rule, "https://example.com/x.tar.gz /opt")
    assert _fires(rule, "--chown=app git@example.com:x.git /opt")
    assert not _fires(rule, "app.tar.gz /opt")

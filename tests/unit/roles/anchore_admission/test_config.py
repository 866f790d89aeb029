# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration is taken whole or refused, with the key that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bulkhead_admission.config import load, read
from bulkhead_admission.errors import ConfigError
from tests.unit.roles.anchore_admission.reviews import config, settings


def test_what_is_not_said_is_safe() -> None:
    found = config()
    assert set(found.failure.values()) == {"closed"}
    assert found.exemptions.namespaces == ("kube-system", "bulkhead-admission")
    assert (found.break_glass.users, found.break_glass.groups) == ((), ())


def test_kinds_of_failure_are_declared_one_by_one() -> None:
    failure = config(failure={"default": "open", "wrong_digest": "closed"}).failure
    assert (failure["timeout"], failure["wrong_digest"], failure["unresolved"]) == ("open", "closed", "open")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"listen": "8443"}, "listen must be ADDRESS:PORT"),
        ({"listen": "0.0.0.0:99999"}, "listen must be ADDRESS:PORT"),
        ({"scaner": {}}, "scaner is not known; did you mean scanner"),
        ({"scanner": {"kind": "trivy"}}, "scanner.kind is 'trivy'"),
        ({"scanner": {"kind": "anchore", "url": "https://a"}}, "scanner.username is required"),
        ({"failure": {"unreachabel": "open"}}, "failure.unreachabel is not known; did you mean unreachable"),
        ({"failure": {"timeout": "maybe"}}, "failure.timeout is 'maybe'"),
        ({"cache": {"verdict": -1}}, "cache.verdict must be a number from 0"),
        ({"cache": {"verdict": True}}, "cache.verdict must be a number"),
        ({"break_glass": {"users": ["*"]}}, "break_glass.users must name each"),
        ({"policies": [{"name": "a/b", "policy_id": "x"}]}, r"policies\[0\].name must be of small letters"),
        ({"policies": [{"name": "a", "policy_id": "x"}] * 2}, "policies has two of the same name"),
        ({"tls": {"cert_file": "a", "key_file": "b", "client_names": ["x"]}}, "tls.client_names needs client_ca_file"),
        ({"exemptions": {"namespaces": [""]}}, "exemptions.namespaces must be a list of strings"),
        ({"require_digest": "yes"}, "require_digest must be true or false"),
        ({"seconds": 100}, "seconds must be a number from 0.1 to 30"),
    ],
)
def test_what_is_wrong_is_named(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(settings(**more))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    for content, words in ((None, "No such file"), ("{", "no JSON"), ("[]", "must be an object")):
        if content is not None:
            file.write_text(content)
        with pytest.raises(ConfigError, match=words):
            load(file)
    file.write_text(json.dumps(settings()))
    assert load(file).listen == ("127.0.0.1", 8443)

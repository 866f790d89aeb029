# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration: what is taken, and the one sentence for what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.config import load, read
from bulkhead_response.errors import ConfigError

_RULE = {"name": "shells", "steps": [{"action": "delete_pod"}]}


def test_an_empty_configuration_has_defaults() -> None:
    config = read({})
    assert config.limits.max_deliver == 10
    assert config.record.subject_prefix == "response"
    assert config.protected_namespaces == ("kube-system", "kube-public", "kube-node-lease")


def test_four_namespaces_are_protected_whatever_is_configured() -> None:
    config = read({"own_namespace": "bulkhead-response", "protected_namespaces": ["payment"]})
    assert set(config.protected_namespaces) == {
        "kube-system",
        "kube-public",
        "kube-node-lease",
        "bulkhead-response",
        "payment",
    }


def test_null_is_the_same_as_absent() -> None:
    config = read({"kubernetes": None, "docker": None, "ingest": None, "health": None, "rules": None})
    assert (config.kubernetes, config.docker, config.ingest, config.health, config.rules) == (
        None,
        None,
        None,
        None,
        (),
    )


def test_a_rule_is_read_whole() -> None:
    match = {"rules": "Terminal*", "priority": ">=notice", "labels": {"app": "web"}, "fields": {"proc.name": ["sh"]}}
    steps = [{"action": "delete_pod", "timeout": 5, "on_doubt": "skip"}, {"notify": "slack", "on": ["failed"]}]
    rule = {"name": "a", "match": match, "steps": steps, "continue": True, "dedup_seconds": 0}
    [read_rule] = read({"rules": [rule]}).rules
    assert read_rule.match.rules == ("Terminal*",)
    assert read_rule.match.labels == {"app": ("web",)}
    assert (read_rule.go_on, read_rule.dedup_seconds, read_rule.actions_per_minute) == (True, 0, None)
    assert [(step.name, step.is_action, step.timeout) for step in read_rule.steps] == [
        ("delete_pod", True, 5),
        ("slack", False, None),
    ]
    assert read_rule.steps[1].on == {"failed"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([], "the configuration must be an object"),
        ({"ruels": []}, "ruels is not known; did you mean rules?"),
        ({"rules": {}}, "rules must be a list"),
        ({"rules": [{"steps": []}]}, "rules[0].steps must list at least one step"),
        ({"rules": [{"steps": [{"action": "a"}]}]}, "rules[0].name is required"),
        ({"rules": [{**_RULE, "name": ""}]}, "rules[0].name must not be empty"),
        ({"rules": [{**_RULE, "mach": {}}]}, "rules[0].mach is not known; did you mean match?"),
        ({"rules": [{**_RULE, "match": {"tag": []}}]}, "rules[0].match.tag is not known; did you mean tags?"),
        ({"rules": [{**_RULE, "match": {"rules": [1]}}]}, "rules[0].match.rules must be a list of strings"),
        ({"rules": [{**_RULE, "dry_run": "no"}]}, "rules[0].dry_run must be true or false"),
        ({"rules": [{**_RULE, "dedup_seconds": -1}]}, "rules[0].dedup_seconds is -1, and must be at least 0"),
        ({"rules": [_RULE, {**_RULE, "name": "Shells!"}]}, "rules[1].name is 'Shells!', which cannot be told from"),
        ({"rules": [{**_RULE, "steps": [{}]}]}, "rules[0].steps[0].action or notify is required, and not both"),
        ({"rules": [{**_RULE, "steps": [{"notify": "a", "on": ["bad"]}]}]}, "rules[0].steps[0].on has 'bad'"),
        ({"nats": {"servers": ["http://nats"]}}, "nats.servers must list addresses such as tls://"),
        ({"nats": {"servers": ["tls://nats"], "cert_file": "a"}}, "nats.cert_file and key_file go together"),
        ({"nats": {"servers": ["tls://nats", "tls://jane:secret@nats"]}}, "nats.servers must hold no user"),
        ({"source": [{"stream": "A.B", "consumer": "c"}]}, "source[0].stream must be a name without dots"),
        ({"source": [{"stream": "A", "consumer": "c", "format": "flaco"}]}, "did you mean falco?"),
        ({"record": {"subject_prefix": "a.*"}}, "record.subject_prefix must be a subject without"),
        ({"ingest": {"listen": "0.0.0.0:1"}}, "ingest.token_file or client_ca_file is required"),
        ({"ingest": {"listen": "0.0.0.0:1", "client_ca_file": "a"}}, "ingest.client_ca_file needs cert_file"),
        ({"ingest": {"listen": "0.0.0.0:1", "token_file": "a"}}, "ingest.cert_file and key_file are required"),
        ({"ingest": {"listen": "[::]:1", "token_file": "a"}}, "ingest.cert_file and key_file are required"),
        ({"ingest": {"listen": "2801", "token_file": "a"}}, "ingest.listen is '2801', and must be ADDRESS:PORT"),
        ({"health": {"listen": "0.0.0.0:99999"}}, "health.listen is '0.0.0.0:99999'"),
        ({"limits": {"max_deliver": 0}}, "limits.max_deliver is 0, and must be at least 1"),
        ({"limits": {"in_flight": 1.5}}, "limits.in_flight must be a whole number"),
        ({"limits": {"in_flight": True}}, "limits.in_flight must be a number"),
        ({"dry_run": "yes"}, "dry_run must be true or false"),
    ],
)
def test_a_wrong_key_is_named_in_a_sentence(content: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(content)
    assert str(caught.value).startswith(sentence) or sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "[::1]:1"])
def test_a_token_need_not_be_encrypted_on_the_loopback(listen: str) -> None:
    assert read({"ingest": {"listen": listen, "token_file": "a"}}).ingest


def test_the_file_is_named_too(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    for content, words in (("{", "no JSON"), ("[]", "must be an object")):
        file.write_text(content)
        with pytest.raises(ConfigError, match=f"config.json: .*{words}"):
            load(file)
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "absent")
    file.write_text(json.dumps({"rules": [_RULE]}))
    assert load(file).rules[0].name == "shells"

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that is secret stands in what is written down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import secret_fingerprint
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import redaction

SECRET = "correct-horse-battery"


@pytest.mark.parametrize(
    "value",
    [
        {"Config": {"Env": [f"DB_PASSWORD={SECRET}"]}},
        {"Config": {"Env": [f"DB_PASSWORD={SECRET}"], "Cmd": ["sh", "-c", f"echo {SECRET}"]}},
        {"spec": {"containers": [{"name": "web", "env": [{"name": "API_TOKEN", "value": SECRET}]}]}},
        {"Cmd": ["mysql", "--password", SECRET]},
        {"Cmd": ["mysql", f"--password={SECRET}"]},
        {"Labels": {"api_key": SECRET}},
        {"history": [{"CreatedBy": f"RUN DB_PASSWORD={SECRET} make"}]},
        {
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
                    {"spec": {"containers": [{"env": [{"name": "PASSWORD", "value": SECRET}]}]}}
                )
            }
        },
        {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": f"no JSON: {SECRET}"}},
    ],
)
def test_a_secret_is_shown_nowhere(value: Any) -> None:
    assert SECRET not in json.dumps(redaction.document(value))


def test_every_value_of_an_environment_is_a_fingerprint() -> None:
    shown = redaction.document({"Env": ["MODE=prod", "EMPTY=", "BARE"]})["Env"]
    assert shown == [
        {"name": "MODE", "fingerprint": secret_fingerprint("prod")},
        {"name": "EMPTY", "fingerprint": secret_fingerprint("")},
        {"name": "BARE", "fingerprint": secret_fingerprint("")},
    ]


def test_a_reference_to_a_secret_stays_readable() -> None:
    reference = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}
    assert redaction.document({"env": [reference]}) == {"env": [reference]}


def test_secrets_of_another_document_are_masked_in_this_one() -> None:
    inspected = {"Config": {"Env": [f"DB_PASSWORD={SECRET}"]}}
    rows = [{"command": ["tool", SECRET], "pid": 7}]
    assert redaction.document(rows, beside=inspected) == [{"command": ["tool", secret_fingerprint(SECRET)], "pid": 7}]


def test_what_is_no_secret_stays_as_it_is() -> None:
    value: dict[str, Any] = {
        "Id": "4c01db0b339c",
        "Cmd": ["sleep", "9"],
        "Binds": None,
        "Memory": 1,
        "Ports": {"80/tcp": [{}]},
    }
    assert redaction.document(value) == value


def test_an_option_beside_an_option_is_no_secret() -> None:
    assert redaction.words(["tool", "--token", "--verbose"]) == ["tool", "--token", "--verbose"]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Secrets hold does not leave this collection."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import secret_fingerprint
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.redact import (
    redacted,
    redacted_value,
    without_secrets_of,
)

_TEXT = "correct-horse"
_DATA = base64.b64encode(_TEXT.encode()).decode()
_COPY = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"a": _DATA}}), "b": "c"}
_SECRET: dict[str, Any] = {"kind": "Secret", "metadata": {"name": "s", "annotations": _COPY}, "data": {"a": _DATA}}


@pytest.mark.parametrize("fields", [{}, {"stringData": {"a": _TEXT}}, {"data": _DATA}, {"data": [_DATA]}])
def test_neither_the_text_nor_its_base64_is_left(fields: dict[str, Any]) -> None:
    """In whatever form it was given."""
    shown = json.dumps(redacted({**_SECRET, **fields}))
    assert _TEXT not in shown
    assert _DATA not in shown


def test_names_and_keys_stay_and_equal_secrets_look_equal() -> None:
    """As data and as stringData."""
    shown = redacted({**_SECRET, "stringData": {"b": _TEXT}})
    assert shown["data"] == {"a": secret_fingerprint(_TEXT)}
    assert shown["stringData"] == {"b": secret_fingerprint(_TEXT)}
    assert shown["metadata"] == {"name": "s", "annotations": {"b": "c"}}


def test_values_of_fields() -> None:
    """Only those of Secrets, and the copy that kubectl keeps."""
    assert redacted_value("Secret", ("data", "a"), _DATA) == secret_fingerprint(_TEXT)
    assert redacted_value("Secret", ("data",), {"a": _DATA}) == {"a": secret_fingerprint(_TEXT)}
    assert redacted_value("ConfigMap", ("data", "a"), "x") == "x"
    copied = ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
    assert _DATA not in redacted_value("Secret", copied, _COPY[copied[2]])


def test_messages() -> None:
    """A server quotes what it refuses."""
    message = without_secrets_of(_SECRET, f"invalid value {_TEXT!r}: {_DATA}")
    assert _TEXT not in message
    assert _DATA not in message
    assert without_secrets_of({"kind": "ConfigMap", "data": {"a": "value"}}, "invalid value") == "invalid value"

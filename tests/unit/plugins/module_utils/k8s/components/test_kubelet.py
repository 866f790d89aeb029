# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kubelet runs with: its file, the flags before it, and what it assumes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.command_line import flags_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.kubelet import with_defaults
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.options import seconds


@pytest.mark.parametrize(
    ("configuration", "flags", "anonymous", "mode", "port"),
    [
        ({}, [], True, "AlwaysAllow", 10255),
        ({"kind": "KubeletConfiguration"}, [], False, "Webhook", 0),
        ({"authentication": {"anonymous": {"enabled": True}}, "readOnlyPort": 10255}, [], True, "Webhook", 10255),
        ({"readOnlyPort": 10255}, ["--read-only-port=0", "--anonymous-auth"], True, "Webhook", 0),
        (
            {},
            ["--anonymous-auth=false", "--authorization-mode", "Webhook", "--read-only-port", "0"],
            False,
            "Webhook",
            0,
        ),
    ],
)
def test_effective(configuration: dict[str, Any], flags: list[str], anonymous: bool, mode: str, port: int) -> None:
    found = with_defaults(configuration, flags_of(["kubelet", *flags]))
    assert found["authentication"]["anonymous"]["enabled"] is anonymous
    assert (found["authorization"]["mode"], found["readOnlyPort"]) == (mode, port)


@pytest.mark.parametrize(
    ("argv", "flags"),
    [
        (["x", "--a=1", "-b", "2", "--c"], {"a": ["1"], "b": ["2"], "c": ["true"]}),
        (["x", "--feature_gates=A=true,B=false"], {"feature-gates": ["A=true,B=false"]}),
        (["x", "--a", "--b=1", "--b=2"], {"a": ["true"], "b": ["1", "2"]}),
        ([], {}),
    ],
)
def test_flags(argv: list[str], flags: dict[str, list[str]]) -> None:
    assert flags_of(argv) == flags


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0.0), ("1m30s", 90.0), ("4h0m0s", 14400.0), ("1.5h", 5400.0), ("250ms", 0.25), ("5", None), ("", None)],
)
def test_durations(text: str, expected: float | None) -> None:
    assert seconds(text) == expected

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an API server answers, and what it said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.health import (
    Endpoint,
    endpoint_of,
    last_words,
    parse_release,
)


@pytest.mark.parametrize(
    ("flags", "address", "where"),
    [
        ({}, None, "127.0.0.1:6443"),
        ({"bind-address": ["0.0.0.0"], "secure-port": ["8443"]}, None, "127.0.0.1:8443"),
        ({"bind-address": ["10.0.0.1"]}, None, "10.0.0.1:6443"),
        ({"bind-address": ["10.0.0.1"]}, "127.0.0.1:1", "127.0.0.1:1"),
        ({}, "[::1]:6443", "::1:6443"),
    ],
)
def test_where_it_listens(flags: dict[str, list[str]], address: str | None, where: str) -> None:
    assert str(endpoint_of(flags, address)) == where


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("v1.28.3", (1, 28)),
        ("1.20", (1, 20)),
        ("k3s version v1.30.4+k3s1", (1, 30)),
        ("v1.29.0-rc.1", (1, 29)),
        ("latest", None),
        ("", None),
    ],
)
def test_the_release_of_a_text(text: str, release: tuple[int, int] | None) -> None:
    assert parse_release(text) == release


def test_nothing_answers_where_nothing_listens() -> None:
    endpoint = Endpoint("127.0.0.1", 1)
    assert (endpoint.status(), endpoint.ready(), endpoint.version()) == (None, False, None)


def test_errors_of_the_newest_log_come_first_without_what_surrounds_them(tmp_path: Path) -> None:
    old, new = tmp_path / "0.log", tmp_path / "1.log"
    old.write_text("Error: old\n")
    os.utime(old, (1, 1))
    new.write_text(
        "2026-01-01T00:00:00.1Z stderr F I0101 00:00:00.000000       1 server.go:1] Version: v1.28.3\n"
        "2026-01-01T00:00:00.2Z stderr F Error: unknown flag: --x\n"
        "2026-01-01T00:00:00.2Z stderr F Error: unknown flag: --x\n"
        '{"log":"F0101 00:00:00.000000       1 run.go:74] no such file\\n","stream":"stderr"}\n'
        "2026-01-01T00:00:00.3Z stderr F usage follows\n"
    )
    assert last_words([str(tmp_path / "*.log")]) == "Error: unknown flag: --x; no such file"
    new.write_text("I0101 00:00:00.000000       1 a.go:1] quiet\n")
    assert last_words([str(tmp_path / "1.log")]) == "quiet"
    assert last_words([str(tmp_path / "none")]) == ""

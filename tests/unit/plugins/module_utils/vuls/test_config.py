# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""config.toml of Vuls, and what Vuls would not take."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.vuls.config import (
    VulsConfigError,
    config_text,
)

# Before Python 3.11, pytest brings a reader of its own.
tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
REMOTE = {"host": "192.0.2.1", "user": "vuls", "keyPath": "/k"}


def written(**more: Any) -> dict[str, Any]:
    declared = {"servers": {"here": {"host": "localhost"}}, "default": {}, "databases": {}, "config": {}}
    read: dict[str, Any] = tomllib.loads(config_text({**declared, **more}))
    return read


def test_dictionaries_are_files_or_servers() -> None:
    made = written(databases={"cveDict": "/d/cve.sqlite3", "gost": "http://dict.example.com:1325"})
    assert made["cveDict"] == {"type": "sqlite3", "SQLite3Path": "/d/cve.sqlite3"}
    assert made["gost"] == {"type": "http", "url": "http://dict.example.com:1325"}


def test_what_all_servers_have_counts_for_each() -> None:
    made = written(servers={"web": {"host": "192.0.2.1"}}, default={"user": "vuls", "keyPath": "/k", "port": 22})
    assert made["servers"] == {"web": {"host": "192.0.2.1"}}
    assert made["default"]["port"] == "22"
    assert written()["servers"]["here"]["port"] == "local"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"servers": {}}, "servers is empty"),
        ({"servers": {"../x": REMOTE}}, "letters, digits"),
        ({"servers": {"web": {"user": "vuls"}}}, "web needs host"),
        ({"servers": {"web": {"host": "192.0.2.1", "user": "vuls"}}}, "keyPath or sshConfigPath"),
        ({"servers": {"web": {**REMOTE, "scanMode": ["quick"]}}}, "scanMode quick is none of fast"),
        ({"databases": {"cve": "/x"}}, "databases: cve is none of"),
        ({"databases": {"gost": "x.sqlite3"}}, "must be an absolute path, or a URL"),
        ({"config": {"servers": {}}}, "servers has an option of its own"),
        ({"config": {"slack": {"users": [{"a": 1}]}}}, "slack.users is list"),
    ],
)
def test_what_vuls_would_not_take_is_said(more: dict[str, Any], says: str) -> None:
    with pytest.raises(VulsConfigError) as caught:
        written(**more)
    assert says in str(caught.value)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content trust, as every login has it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import DaemonView
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.content_trust import (
    content_trust_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles


def facts(root: Path, daemon: Any = None, **files: str) -> dict[str, Any]:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_sh", ".sh")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    paths = SimpleNamespace(files=HostFiles(str(root)))
    return content_trust_facts(cast(DaemonView, SimpleNamespace(paths=paths, setting=lambda _key: daemon)))


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("DOCKER_CONTENT_TRUST=1\n", True),
        ('PATH=/bin\nDOCKER_CONTENT_TRUST="1"\n', True),
        ("DOCKER_CONTENT_TRUST=0\n", False),
        ("# DOCKER_CONTENT_TRUST=1\n", False),
        ("DOCKER_CONTENT_TRUST_SERVER=https://notary\n", False),
        ("DOCKER_CONTENT_TRUST=1\nDOCKER_CONTENT_TRUST=0\n", False),
        ("", False),
    ],
)
def test_environment(tmp_path: Path, text: str, on: bool) -> None:
    assert facts(tmp_path, etc__environment=text)["content_trust"] is on


def test_a_later_file_has_the_last_word(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        etc__environment="DOCKER_CONTENT_TRUST=1",
        etc__profile_d__x_sh="",
        **{"etc__profile.d__docker_sh": "export DOCKER_CONTENT_TRUST=0\n"},
    )
    assert found["content_trust"] is False
    assert [each["path"] for each in found["content_trust_set"]] == ["/etc/environment", "/etc/profile.d/docker.sh"]


def test_a_daemon_that_enforces_it(tmp_path: Path) -> None:
    assert facts(tmp_path, {"mode": "enforced"})["content_trust"] is True
    assert facts(tmp_path, {"mode": "permissive"})["content_trust"] is False


def test_another_host() -> None:
    view = SimpleNamespace(paths=None, process_missing="not this host")
    assert content_trust_facts(cast(DaemonView, view)) == {"unknown": {"content_trust": "not this host"}}

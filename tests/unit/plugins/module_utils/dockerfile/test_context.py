# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a build context is sent, and what of it ought to stay."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.context import context_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError

_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A context with all that ought to stay, and with what may go."""
    files = {
        "Dockerfile": "FROM a",
        "app.py": "pass",
        ".git/config": "[remote]",
        ".git/objects/id_rsa": "packed",
        ".env": "A=1",
        "deploy/.env.prod": "A=1",
        "deploy/.env.example": "A=1",
        "tls/server.key": _KEY,
        "tls/ca.pem": "-----BEGIN CERTIFICATE-----\n",
        ".npmrc": "//registry.example.com/:_authToken=abc\n",
        "web/.npmrc": "//registry.example.com/:_authToken=${TOKEN}\n",
        "home/.aws/credentials": "[default]",
        "home/.docker/config.json": "{}",
        "config.json": '{"auths": {}}',
        "my-account.json": '{"type": "service_account"}',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _facts(folder: Path, most: int = 1000, dockerfile: str = "Dockerfile") -> dict[str, Any]:
    return context_facts(str(folder), dockerfile, most)


def test_what_ought_to_stay(folder: Path) -> None:
    facts = _facts(folder)
    assert facts["secret_files"] == [
        ".env",
        ".npmrc",
        "deploy/.env.prod",
        "home/.aws/credentials",
        "home/.docker/config.json",
        "my-account.json",
        "tls/server.key",
    ]
    assert facts["repositories"] == [".git"]
    assert (facts["ignore_file"], facts["files"]) == (None, 14)


def test_what_is_ignored_does_not_leak(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*\n!app.py\n!tls\ntls/*.key")
    facts = _facts(folder)
    assert (facts["secret_files"], facts["repositories"], facts["files"]) == ([], [], 2)
    assert facts["ignore_file"] == ".dockerignore"


def test_the_ignore_file_of_the_dockerfile_goes_before_that_of_the_folder(folder: Path) -> None:
    (folder / ".dockerignore").write_text("**")
    (folder / "Dockerfile.dockerignore").write_text(".git\ntls\nhome\n**/.env*\n**/.npmrc\n*.json")
    facts = _facts(folder)
    assert (facts["ignore_file"], facts["files"], facts["secret_files"]) == ("Dockerfile.dockerignore", 1, [])


def test_links_are_not_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "id_rsa").write_text(_KEY)
    (folder / "tls" / "server.key").unlink()
    (folder / "tls" / "server.key").symlink_to(outside / "id_rsa")
    (folder / "away").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    facts = _facts(folder)
    assert not [path for path in facts["secret_files"] if path.startswith(("tls", "away", "loop"))]
    assert facts["files"] == 16


def test_a_pipe_holds_nobody_up(folder: Path) -> None:
    os.mkfifo(folder / "server.pem")
    assert "server.pem" not in _facts(folder)["secret_files"]


def test_a_limit_is_said_and_what_was_found_stays_found(folder: Path) -> None:
    facts = _facts(folder, most=2)
    assert facts["secret_files"] == [".env", ".npmrc"]
    assert facts["repositories"] == [".git"]
    assert set(facts["unknown"]) == {"size_mb"}
    assert "more than 2 files" in facts["unknown"]["size_mb"]


def test_a_pattern_that_is_none_is_an_error(folder: Path) -> None:
    (folder / ".dockerignore").write_text("a\n[")
    with pytest.raises(DockerfileError, match=r"\.dockerignore:2: '\[' is no pattern"):
        _facts(folder)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(DockerfileError, match="The build context /nowhere cannot be read: No such file"):
        _facts(Path("/nowhere"))

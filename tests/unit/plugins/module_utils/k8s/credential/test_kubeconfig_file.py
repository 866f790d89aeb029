# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubeconfigs: what is written is read again, and what is somebody else's is not taken for ours."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import (
    Held,
    check_folder,
    kubeconfig_text,
    private_file,
    read_kubeconfig,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

CERTIFICATE = Held("https://a:6443", "ca", False, "certificate", "key", "", "ada", "shop")
TOKEN = Held("https://a:6443", "", True, "", "", "token", "x", "")


@pytest.mark.parametrize("held", [CERTIFICATE, TOKEN])
def test_what_is_written_is_read_again(held: Held, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(kubeconfig_text(held, 'ada: "x" # \n'.strip()))
    assert read_kubeconfig(str(path)) == held


def test_nothing_there() -> None:
    assert read_kubeconfig("/nowhere/config") is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "a: [", "current-context: x", "current-context: x\ncontexts: [{}]\nclusters: []\nusers: []", "\x00"],
)
def test_what_is_no_kubeconfig_is_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(K8sError, match="left alone"):
        read_kubeconfig(str(path))
    assert path.read_text() == text


def test_a_kubeconfig_of_several_users_is_somebody_s_own(tmp_path: Path) -> None:
    content = yaml.safe_load(kubeconfig_text(CERTIFICATE, "ada"))
    content["users"].append({"name": "bob", "user": {}})
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(K8sError, match="one user and one cluster"):
        read_kubeconfig(str(path))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(K8sError, match="no regular file"):
        read_kubeconfig(str(tmp_path / "pipe"))


def test_a_private_file_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with private_file("secret", beside=str(tmp_path / "x")) as path:
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert Path(path).read_text() == "secret"
    assert list(tmp_path.iterdir()) == []
    with private_file("secret", beside=str(tmp_path / "x")) as path:
        os.replace(path, tmp_path / "x")
    assert (tmp_path / "x").read_text() == "secret"


def test_folders_that_do_not_serve(tmp_path: Path) -> None:
    with pytest.raises(K8sError, match="there is no folder"):
        check_folder(str(tmp_path / "none" / "config"))
    with pytest.raises(K8sError, match="is a folder"):
        check_folder(str(tmp_path))
    check_folder(str(tmp_path / "config"))

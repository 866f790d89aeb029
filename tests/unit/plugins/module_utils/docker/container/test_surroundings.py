# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known around containers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    Surroundings,
    survey,
    tags_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import DaemonView
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles


def view(root: Path | None = None, **settings: Any) -> DaemonView:
    """A daemon on this host below `root`, or on another one."""
    found = SimpleNamespace(
        info={"SecurityOptions": ["name=seccomp,profile=default"], "DockerRootDir": "/srv/docker"},
        engine=SimpleNamespace(socket_path="/run/own.sock"),
        process=None,
        paths=None,
        setting=settings.get,
        known=lambda key: key in settings,
    )
    if root:
        found.process = SimpleNamespace(proc=str(root / "proc"), pid=7, started=1.5)
        found.paths = SimpleNamespace(
            files=HostFiles(str(root)),
            api_sockets=lambda: ["/run/own.sock"],
            containerd_address=lambda: "/run/own/containerd.sock",
        )
    return cast("DaemonView", found)


def test_another_host() -> None:
    found = survey(view(), [], [])
    assert found.processes is None
    assert {"/run/own.sock", "/run/docker.sock", "/run/containerd/containerd.sock"} <= set(found.sockets)
    assert (found.defaults.no_new_privileges, found.defaults.ulimits, found.defaults.started) == (None, None, None)
    assert found.bridge_address is None
    assert found.resolve("/a/../b") == "/b"


def test_this_host(tmp_path: Path) -> None:
    (tmp_path / "run/own").mkdir(parents=True)
    (tmp_path / "run/own/containerd.sock").touch()
    (tmp_path / "link").symlink_to("/etc")
    ulimits = {"nofile": {"Name": "nofile", "Soft": 1, "Hard": 64}, "odd": "text"}
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/mountinfo").write_text(
        "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 254:0 /etc /srv/x rw - ext4 /dev/vda rw\n"
    )
    here = view(tmp_path, **{"no-new-privileges": True, "default-ulimits": ulimits})
    found = survey(here, [], [])
    # Sockets that are not there cannot be mounted.
    assert found.sockets == ("/run/own.sock", "/run/own/containerd.sock")
    assert (found.defaults.no_new_privileges, found.defaults.ulimits) == (True, {"nofile": 64})
    assert found.resolve("/link/shadow") == "/etc/shadow"
    assert found.original_names("/srv", with_nested=True) == ["/etc"]
    assert not found.selinux_kernel


def test_options_that_are_known_to_be_unset(tmp_path: Path) -> None:
    defaults = survey(view(tmp_path, **{"no-new-privileges": None, "default-ulimits": None}), [], []).defaults
    assert (defaults.no_new_privileges, defaults.ulimits) == (False, {})


def test_default_bridge() -> None:
    option = "com.docker.network.bridge.host_binding_ipv4"
    networks = [
        {"Name": "app", "Driver": "bridge", "Options": {option: "10.0.0.1"}},
        {"Name": "bridge", "Driver": "bridge", "Options": {option: "127.0.0.1"}},
    ]
    assert survey(view(), networks, []).bridge_address == "127.0.0.1"
    assert survey(view(), networks[:1], []).bridge_address is None


def test_tags() -> None:
    images: list[dict[str, Any]] = [
        {"Id": "1", "RepoTags": ["nginx:1", "reg.example.com/a:2"]},
        {"Id": "2", "RepoTags": None},
    ]
    assert tags_of(images) == {"docker.io/library/nginx:1": "1", "reg.example.com/a:2": "1"}


def test_one_file_system(tmp_path: Path) -> None:
    around = Surroundings(info={}, security={})
    assert around.same_file_system(str(tmp_path), str(tmp_path))
    assert not around.same_file_system("/proc", str(tmp_path))
    assert around.same_file_system("/proc", "/nowhere")

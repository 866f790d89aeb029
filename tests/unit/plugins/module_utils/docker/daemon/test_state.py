# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Four states of an option are told apart, and what cannot be known is unknown."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import state as daemon_state
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import DaemonFile
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.state import daemon_states
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine

STARTED = 1000.0


class OnlyAVersion:
    def version(self) -> dict[str, Any]:
        return {"Version": "20.10.24"}


def state(
    key: str,
    *,
    on_disk: Any = None,
    flags: tuple[str, ...] = (),
    seen: dict[str, Any] | None = None,
    written: float = STARTED - 1,
    applied: tuple[str, ...] = (),
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Any, str, bool | None]:
    monkeypatch.setattr(daemon_state, "observed_options", lambda *_args: seen or {})
    data = {} if on_disk is None else {key: on_disk}
    file = DaemonFile("/f", "/f", True, "", data, mtime=written)
    process = DaemonProcess(1, "", ("dockerd", *flags), "/", started=STARTED, start_ticks=1)
    states = daemon_states({key: "declared"}, cast(Engine, OnlyAVersion()), process, file, applied=applied)
    assert states[key]["declared"] == "declared"
    assert states[key]["on_disk"] == on_disk
    return states[key]["in_effect"], states[key]["source"], states[key]["pending_restart"]


def test_what_the_daemon_shows_is_in_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, pending in ((True, False), (False, True)):
        found = state("debug", on_disk=True, seen={"debug": value}, written=STARTED + 1, monkeypatch=monkeypatch)
        assert found == (value, "daemon", pending)


def test_a_spelling_that_means_the_same_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    found = state("default-shm-size", on_disk="64M", seen={"default-shm-size": 67108864}, monkeypatch=monkeypatch)
    assert found == ("64M", "daemon", False)


def test_a_flag_is_in_effect_for_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    found = state("icc", flags=("--icc=false",), written=STARTED + 1, monkeypatch=monkeypatch)
    assert found == (False, "flag", False)


def test_a_file_older_than_the_daemon_was_read_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert state("icc", on_disk=False, monkeypatch=monkeypatch) == (False, "file", False)
    assert state("icc", monkeypatch=monkeypatch) == (True, "default", False)


def test_a_file_newer_than_the_daemon_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = state("icc", on_disk=False, written=STARTED + 1, monkeypatch=monkeypatch)
    assert found == (None, "unknown", None)


def test_what_is_known_to_have_been_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    found = state("icc", on_disk=False, written=STARTED + 1, applied=("icc",), monkeypatch=monkeypatch)
    assert found == (False, "file", False)


def test_a_default_of_the_host_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = state("storage-driver", seen={"storage-driver": "overlay2"}, monkeypatch=monkeypatch)
    assert found == ("overlay2", "daemon", False)


def test_keys_of_everywhere_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_state, "observed_options", lambda *_args: {})
    file = DaemonFile("/f", "/f", True, "", {"b": 1}, mtime=STARTED - 1)
    process = DaemonProcess(1, "", ("dockerd", "--mtu=1400"), "/", started=STARTED, start_ticks=1)
    states = daemon_states({"a": 1}, cast(Engine, OnlyAVersion()), process, file, also=["c"])
    assert list(states) == ["a", "b", "mtu", "c"]


def test_without_a_process_and_a_file_only_the_daemon_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_state, "observed_options", lambda *_args: {"debug": True})
    states = daemon_states({"debug": True, "icc": False}, cast(Engine, OnlyAVersion()), None, None)
    assert (states["debug"]["source"], states["icc"]["source"]) == ("daemon", "unknown")

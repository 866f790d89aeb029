# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered between runs is private, whole, and belongs to one daemon."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import (
    DaemonFile,
    fingerprint,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.record import (
    DaemonRecord,
    cut_off,
    one_run_at_a_time,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

HOST = "unix:///run/docker.sock"
FILE = DaemonFile("/etc/docker/daemon.json", "/etc/docker/daemon.json", True, '{"a": 1}', {"a": 1})
PROCESS = DaemonProcess(7, "", (), "/", start_ticks=70)


@pytest.fixture
def record(tmp_path: Path) -> DaemonRecord:
    return DaemonRecord(str(tmp_path), FILE.real_path)


def again(record: DaemonRecord) -> DaemonRecord:
    """The memory as the next run finds it."""
    return DaemonRecord(os.path.dirname(record.folder), record.config_path)


def test_a_first_run_remembers_nothing_and_makes_no_folder(record: DaemonRecord) -> None:
    assert (record.changes, record.journal, record.created) == ({}, {}, False)
    record.save(FILE.data, (), None)
    assert not os.path.exists(record.folder)


def test_keys_are_in_effect_in_the_very_process_with_the_very_value(record: DaemonRecord) -> None:
    record.save({"a": 1, "b": 2}, ["a", "b", "gone"], PROCESS)
    later = again(record)
    assert later.applied_keys(replace(FILE, data={"a": 1, "b": 3}), PROCESS) == {"a", "gone"}
    assert later.applied_keys(FILE, replace(PROCESS, start_ticks=71)) == frozenset()
    assert later.applied_keys(FILE, None) == frozenset()


def test_everything_is_readable_by_its_owner_alone(record: DaemonRecord) -> None:
    record.changes = {"a": {"set": 1}}
    record.save(FILE.data, ["a"], PROCESS)
    record.open_journal(HOST, FILE, "new", changes={})
    record.back_up(FILE)
    record.keep_good("good")
    assert os.stat(record.folder).st_mode & 0o777 == 0o700
    for name in os.listdir(record.folder):
        assert os.stat(os.path.join(record.folder, name)).st_mode & 0o777 == 0o600


def test_a_secret_in_effect_is_remembered_by_its_fingerprint(record: DaemonRecord) -> None:
    record.save({"log-opts": {"token": "s3cr3t"}}, ["log-opts"], PROCESS)
    assert "s3cr3t" not in Path(record.folder, "record.json").read_text()


def test_backups_are_copies_and_the_oldest_go(record: DaemonRecord) -> None:
    assert record.back_up(replace(FILE, exists=False)) is None
    paths = [str(record.back_up(replace(FILE, text=str(number)))) for number in range(4)]
    record.prune(2)
    assert [os.path.exists(path) for path in paths] == [False, False, True, True]
    assert Path(paths[3]).read_text() == "3"
    record.prune(0)
    assert not os.path.exists(paths[3])


def test_a_run_that_was_cut_off_is_found_by_the_daemon(record: DaemonRecord, tmp_path: Path) -> None:
    assert cut_off(str(tmp_path), HOST) is None
    record.open_journal(HOST, FILE, "new")
    assert cut_off(str(tmp_path), "unix:///run/other.sock") is None
    found = cut_off(str(tmp_path), HOST)
    assert found is not None
    assert found.config_path == FILE.real_path
    record.close_journal()
    assert cut_off(str(tmp_path), HOST) is None


def test_what_a_run_had_written_before_it_was_cut_off_is_ours(record: DaemonRecord) -> None:
    changes = {"a": {"set": 1}}
    record.open_journal(HOST, replace(FILE, exists=False), FILE.text, changes=changes, keys=["a"])
    later = again(record)
    later.adopt_journal(FILE)
    assert (later.changes, later.created, later.unfinished_keys) == (changes, True, ["a"])


def test_what_it_had_not_written_is_not(record: DaemonRecord) -> None:
    record.open_journal(HOST, FILE, "new", changes={"a": {"set": 1}})
    later = again(record)
    later.adopt_journal(FILE)
    assert later.changes == {}
    assert later.journal["new_sha256"] == fingerprint("new")


def test_finishing_clears_up(record: DaemonRecord, tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    leftover = tmp_path / ".daemon.json.bulkhead-new"
    leftover.write_text("half")
    record.open_journal(HOST, FILE, "new")
    record.finish(replace(FILE, real_path=str(path)))
    assert not leftover.exists()
    assert again(record).journal == {}


def test_a_spoilt_memory_is_named(record: DaemonRecord) -> None:
    os.makedirs(record.folder)
    Path(record.folder, "record.json").write_text("{")
    with pytest.raises(DockerError, match=r"record\.json cannot be read: .*; remove it to go on without it"):
        again(record)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DockerError, match="cannot be made: Not a directory; nothing was changed"):
        DaemonRecord(str(tmp_path / "file"), "/f").open_journal(HOST, FILE, "new")


def test_one_run_at_a_time(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    with one_run_at_a_time(str(tmp_path), 1), pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with pytest.raises(DockerError, match="Another run has been changing"), one_run_at_a_time(str(tmp_path), 0):
        pass
    os.close(handle)
    assert json.dumps(os.listdir(tmp_path)) == "[]", "a lock leaves nothing behind"


def test_the_file_from_before_our_first_change_is_kept_to_the_byte(record: DaemonRecord) -> None:
    odd = replace(FILE, text='{ "a":1 }', data={"a": 1})
    record.keep_original(odd)
    record.changes = {"b": {"set": 2}}
    record.keep_original(replace(FILE, text='{"a": 1, "b": 2}', data={"a": 1, "b": 2}))
    assert record.original_text({"a": 1}) == odd.text
    assert record.original_text({"a": 2}) is None
    assert DaemonRecord(record.folder, "/elsewhere").original_text({"a": 1}) is None

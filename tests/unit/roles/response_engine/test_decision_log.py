# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log: whole lines, whatever the disk has room for."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bulkhead_response.decision_log import DecisionLog
from bulkhead_response.errors import ConfigError
from bulkhead_response.metrics import Metrics


def test_records_are_appended(tmp_path: Path) -> None:
    for record in (b"1", b"2"):
        log = DecisionLog(str(tmp_path / "log"), Metrics())
        log.write(record)
        log.close()
    assert (tmp_path / "log").read_bytes() == b"1\n2\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o640 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_finds_no_room_is_written_later_and_never_by_halves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = Metrics()
    log = DecisionLog(str(tmp_path / "log"), metrics)
    room = 6
    write = os.write

    def little(file: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(file, data[:room])
        room -= written
        return written

    monkeypatch.setattr(os, "write", little)
    log.write(b"one")
    log.write(b"two")
    assert (tmp_path / "log").read_bytes() == b"one\n"
    log.write(b"three")
    room = 1000
    log.write(b"four")
    log.close()
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\nthree\nfour\n"
    assert metrics.total("log_failures") == 2


def test_no_log_is_no_log_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    DecisionLog("", Metrics()).write(b"1")
    with pytest.raises(ConfigError, match="cannot be opened: No such file"):
        DecisionLog(str(tmp_path / "absent" / "log"), Metrics())

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of decisions: a JSON object a line, in a file or on the standard output.

The stream is the record; the log is its copy for whoever reads files. What cannot be written, as on a full disk, is
kept and written once there is room again.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque

from bulkhead_response.errors import ConfigError
from bulkhead_response.metrics import Metrics

log = logging.getLogger(__name__)

_KEPT = 10_000
_MODE = 0o640


class DecisionLog:
    """Appends whole lines, or nothing of them."""

    def __init__(self, path: str, metrics: Metrics) -> None:
        """path: a file, made with mode 0640 in a folder that exists; `-` is the standard output, empty is no log."""
        self._path = path
        self._metrics = metrics
        self._waiting: deque[bytes] = deque(maxlen=_KEPT)
        self._ails = False
        self._file = self._open(path) if path else None

    def write(self, record: bytes) -> None:
        """Append a record, and those that could not be written before."""
        if self._file is None:
            return
        self._waiting.append(record + b"\n")
        self.catch_up()

    def catch_up(self) -> None:
        """Write what is waiting, as far as that is possible."""
        if self._file is None:
            return
        try:
            while self._waiting:
                self._append(self._file, self._waiting[0])
                self._waiting.popleft()
        except OSError as error:
            self._metrics.count("log_failures")
            if not self._ails:
                log.error("%s cannot be written: %s; what is missing will be written later", self._path, error)
            self._ails = True
            return
        self._ails = False

    def close(self) -> None:
        """Write what is waiting, and close the file."""
        self.catch_up()
        if self._file is not None and self._path != "-":
            os.close(self._file)
        self._file = None

    def _append(self, file: int, line: bytes) -> None:
        written = os.write(file, line)
        if written < len(line):
            # The disk is full in the midst of a line: take the half back, or every reader stumbles over it.
            if self._path != "-":
                os.ftruncate(file, os.lseek(file, 0, os.SEEK_END) - written)
                raise OSError("no room for a whole line")
            self._append(file, line[written:])

    def _open(self, path: str) -> int:
        if path == "-":
            return sys.stdout.fileno()
        try:
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        except OSError as error:
            raise ConfigError(f"record.log_file: {path} cannot be opened: {error.strerror}") from error

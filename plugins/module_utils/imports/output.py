# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of findings that audit_report reads: written while reports are read, and put in place in one step."""

from __future__ import annotations

import filecmp
import json
import os
import tempfile
from types import TracebackType
from typing import IO, Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault

KIND = "bulkhead.findings_import"


class Output:
    """A file that becomes `path` with `commit`. Until then, and in a check (`check_folder`), it is a temporary one."""

    def __init__(self, path: str, check_folder: str = "") -> None:
        self._path, self._check = path, bool(check_folder)
        folder = os.path.dirname(path) or "."
        try:
            if not os.path.isdir(folder):
                raise ImportFault(f"{path} cannot be written: there is no folder {folder}")
            handle, self._temporary = tempfile.mkstemp(dir=check_folder or folder, prefix=".findings-")
        except OSError as exc:
            raise self._unwritable(exc) from exc
        self._file: IO[str] = os.fdopen(handle, "w+", encoding="ascii")
        self._file.write(f'{{"kind": "{KIND}", "results": [')
        self._began, self._results, self._rows = 0, 0, 0

    def __enter__(self) -> Output:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if os.path.exists(self._temporary):
            os.unlink(self._temporary)

    def begin(self) -> None:
        """Begin the result of a report."""
        self._began, self._rows = self._file.tell(), 0
        self._put((",\n" if self._results else "\n") + '{"findings": [')

    def add(self, finding: Finding) -> None:
        """Add a finding to it."""
        self._put((",\n" if self._rows else "\n") + json.dumps(finding))
        self._rows += 1

    def end(self, result: dict[str, Any]) -> None:
        """End it with the rest of the result."""
        self._put("\n], " + json.dumps({key: value for key, value in result.items() if key != "findings"})[1:])
        self._results += 1

    def forget(self) -> None:
        """Take back what was written since `begin`."""
        self._file.seek(self._began)
        self._file.truncate()

    def commit(self) -> bool:
        """Put the file in place with mode 0600; whether it is another one than before."""
        self._put("\n]}\n")
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            same = os.path.isfile(self._path) and filecmp.cmp(self._temporary, self._path, shallow=False)
            if not same and not self._check:
                os.replace(self._temporary, self._path)
            return not same
        except OSError as exc:
            raise self._unwritable(exc) from exc

    def _put(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError as exc:
            raise self._unwritable(exc) from exc

    def _unwritable(self, exc: OSError) -> ImportFault:
        return ImportFault(f"{self._path} cannot be written: {exc.strerror or exc}")

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file of a sealed set, to carry it elsewhere: a compressed tar beside its folder."""

from __future__ import annotations

import os
import tarfile
import tempfile

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import file_hash

SUFFIX = ".tar.gz"


def archive(path: str) -> tuple[str, str, bool]:
    """(path, SHA-256, whether it was made now) of the archive of a set; one that is there is left as it is.

    Raises ForensicsError.
    """
    target = f"{path}{SUFFIX}"
    try:
        made = not os.path.exists(target)
        if made:
            _make(path, target)
        return target, file_hash(target), made
    except OSError as exc:
        raise ForensicsError(f"{target} cannot be made: {exc.strerror or exc}") from exc


def _make(path: str, target: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".archive-")
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive_file:
                archive_file.add(path, arcname=os.path.basename(path))
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a Dockerfile or ignore file, read with bounds: what is none is refused before it is looked at."""

from __future__ import annotations

import os
import stat

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError

# The largest that people write has some ten thousand lines.
LARGEST = 2**20


def read_text(path: str, name: str) -> str:
    """The text of a file, which messages call `name`. Raises DockerfileError."""
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to waits for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DockerfileError(f"{name} is no file")
            data = file.read(LARGEST + 1)
    except OSError as exc:
        raise DockerfileError(f"{name} cannot be read: {exc.strerror or exc}") from exc
    return text_of(data, name)


def text_of(data: bytes, name: str) -> str:
    """The text of bytes. Raises DockerfileError for too many, and for what is no text."""
    if len(data) > LARGEST:
        raise DockerfileError(f"{name} is larger than {LARGEST // 2**20} MiB, and so no Dockerfile that can be judged")
    if b"\0" in data:
        raise DockerfileError(f"{name} is no text: it holds a NUL byte; write it as UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise DockerfileError(f"{name}:{line}: is not UTF-8: {exc.reason}; write it as UTF-8") from exc

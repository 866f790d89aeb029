# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small image with packages in it, for scanners: a layer as Debian would leave it."""

from __future__ import annotations

import gzip
import io
import tarfile

_FILES = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
    "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
    "var/lib/dpkg/status": (
        "Package: openssl\nStatus: install ok installed\nVersion: 3.0.1-1\nArchitecture: amd64\n"
        "Maintainer: nobody <nobody@example.com>\n\n"
        "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\nArchitecture: amd64\n"
        "Maintainer: nobody <nobody@example.com>\n\n"
    ),
}


def layer_tar() -> bytes:
    """The layer as a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in _FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def layer() -> bytes:
    """The layer as a registry keeps it, a tar.gz."""
    return gzip.compress(layer_tar(), mtime=0)

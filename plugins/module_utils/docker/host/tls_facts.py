# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a target can say of its server certificate with the standard library alone; the key itself never leaves it."""

from __future__ import annotations

import os
import ssl
import stat
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import (
    group_name,
    user_name,
)

FILES = ("ca.pem", "server-cert.pem", "server-key.pem")


def tls_facts(folder: str) -> dict[str, Any]:
    """{ca, certificate, key, key_matches, modes}: two PEM texts or None, two booleans, and {file: mode}.

    A file that is not root's has its owner in place of a mode. Raises DockerError for what cannot be read.
    """
    ca, certificate, key = (os.path.join(folder, name) for name in FILES)
    return {
        "ca": _text(ca),
        "certificate": _text(certificate),
        "key": os.path.exists(key),
        "key_matches": _matches(certificate, key),
        "modes": {name: _mode(os.path.join(folder, name)) for name in FILES},
    }


def _text(path: str) -> str | None:
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise DockerError(f"{path} cannot be read: {exc.strerror}") from exc


def _matches(certificate: str, key: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # A passphrase would be asked for on the terminal, and a daemon cannot be asked.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError):
        return False
    return True


def _mode(path: str) -> str | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    if (found.st_uid, found.st_gid) != (0, 0):
        return f"{user_name(found.st_uid)}:{group_name(found.st_gid)}"
    return f"{stat.S_IMODE(found.st_mode):04o}"

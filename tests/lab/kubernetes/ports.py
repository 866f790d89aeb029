# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP ports for programs that cannot listen on port 0, and that must find theirs free again after a restart."""

from __future__ import annotations

import random
import socket

from tests.lab.dockerd import LabError

# Below the kernel's ephemeral range (32768 and up), from which any outgoing connection may take a port meanwhile.
_FIRST, _LAST = 15000, 29999


def free_port() -> int:
    """A port of the loopback that nothing listens on at this moment. LabError where a hundred are taken."""
    for port in random.sample(range(_FIRST, _LAST + 1), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise LabError(f"no free port between {_FIRST} and {_LAST}")

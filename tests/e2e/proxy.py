# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of a daemon's socket, such as `ssh -L`, socat, or one that filters what may be asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from tests.lab.dockerd import Dockerd


def _pass_on(listener: socket.socket, target: str) -> None:
    """Hand a connection's bytes to the daemon's socket and back, as `ssh -L` or a filtering proxy would; until the
    listener is shut."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    with contextlib.suppress(OSError):
        while True:
            client, _address = listener.accept()
            with client, socket.socket(socket.AF_UNIX) as daemon:
                daemon.connect(target)
                there = threading.Thread(target=pump, args=(client, daemon))
                there.start()
                pump(daemon, client)
                there.join()


@contextlib.contextmanager
def proxy_of(daemon: Dockerd) -> Iterator[str]:
    """The address of a proxy that runs in this process, for as long as the block lasts."""
    path = daemon.workdir / "proxy.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=_pass_on, args=(listener, str(daemon.socket)))
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()

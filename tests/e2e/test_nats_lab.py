# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's NATS server: who gets in, and what outlives its end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import nats
import pytest

from tests.lab.dockerd import REPOSITORY
from tests.lab.launch import alive
from tests.lab.nats import Nats, Permissions

_USERS = {"forwarder": Permissions(publish=["falco.>"], subscribe=["_INBOX.>"])}


@pytest.fixture
def server() -> Iterator[Nats]:
    with Nats(_USERS) as running:
        yield running


async def _ask(server: Nats, user: str, subject: str) -> list[str]:
    """Publish, and return what the server complained of."""
    complaints: list[str] = []

    async def complain(error: Exception) -> None:
        complaints.append(str(error))

    connection = await nats.connect(**server.options(user), error_cb=complain)
    await connection.publish(subject, b"{}")
    await connection.flush()
    await asyncio.sleep(0.05)
    await connection.close()
    return complaints


def test_users_publish_what_they_may_and_nothing_else(server: Nats) -> None:
    assert asyncio.run(_ask(server, "forwarder", "falco.notice.shell")) == []
    assert "permissions violation" in asyncio.run(_ask(server, "forwarder", "response.decision"))[0].lower()


def test_nobody_gets_in_without_a_certificate(server: Nats) -> None:
    options = {**server.options("forwarder"), "tls": server.tls_context(None), "allow_reconnect": False}
    with pytest.raises(Exception, match=r"(?i)certificate|connection|eof"):
        asyncio.run(asyncio.wait_for(nats.connect(**options, connect_timeout=2), 10))


def test_a_stream_outlives_a_kill(server: Nats) -> None:
    async def publish() -> None:
        connection = await nats.connect(**server.options())
        stream = connection.jetstream()
        await stream.add_stream(name="FALCO", subjects=["falco.>"])
        await stream.publish("falco.notice.shell", b"{}")
        await connection.close()

    async def count() -> int:
        connection = await nats.connect(**server.options())
        info = await connection.jetstream().stream_info("FALCO")
        await connection.close()
        return int(info.state.messages)

    asyncio.run(publish())
    server.kill()
    server.start()
    assert asyncio.run(count()) == 1


def test_nothing_is_left_when_the_test_is_killed() -> None:
    program = "import os\nfrom tests.lab.nats import Nats\nn = Nats()\nn.start()\nprint(n.pid, n.workdir, flush=True)\n"
    words = [sys.executable, "-c", f"{program}os.kill(os.getpid(), 9)"]
    killed = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)
    pid, workdir = killed.stdout.split()
    subprocess.run(
        ["sh", "-c", f"for i in $(seq 100); do [ -e {workdir} ] || exit 0; sleep 0.1; done; exit 1"], check=True
    )
    assert not alive(int(pid))

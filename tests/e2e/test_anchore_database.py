# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PostgreSQL of the role anchore, by a real one: the password of the file is the one that works."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment import database
from tests.lab.dockerd import free_port
from tests.unit.anchore_declaration import declared

# In the place of the entry point of the official image, which makes the files of the database and starts it, too.
ENTRY_POINT = """#!/bin/sh
shift
[ -d "$PGDATA" ] || initdb -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS >/dev/null
exec postgres -k "$PGHOST" -c listen_addresses=127.0.0.1 -p "$PGPORT" "$@"
"""


class Database:
    """A folder that its user may write to, with the start command of the role."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.password = folder, folder / "password"
        programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
        (folder / "bin").mkdir()
        entry_point = folder / "bin" / "docker-entrypoint.sh"
        entry_point.write_text(ENTRY_POINT)
        entry_point.chmod(0o755)
        self.environment = {
            **database.environment(declared()),
            "PATH": f"{folder}/bin:{programs}:{os.environ['PATH']}",
            "PGDATA": str(folder / "pgdata"),
            "PGHOST": str(folder),
            "PGPORT": str(free_port()),
            "POSTGRES_PASSWORD_FILE": str(self.password),
        }

    @contextlib.contextmanager
    def running(self, password: str) -> Iterator[None]:
        """While the database runs, and its file has this password."""
        self.password.write_text(password)
        shutil.chown(self.password, "postgres")
        self.password.chmod(0o400)
        shell, option, script = database.start_command()
        moved = script.replace(f"{database.PASSWORD_FOLDER}/password", str(self.password))
        log = self.folder / "log"
        with log.open("a") as output:
            started = subprocess.Popen(
                [shell, option, moved], env=self.environment, user="postgres", stdout=output, stderr=output
            )
        try:
            yield
        finally:
            started.send_signal(2)  # what stops the official image
            assert started.wait(30) == 0, log.read_text()

    def refusal(self, password: str) -> str:
        """Why a client with this password is refused over TCP; empty where it is let in."""
        asked = ["psql", "-X", "-h", "127.0.0.1", "-U", "anchore", "-d", "postgres", "-Atc", "SELECT 1"]
        environment = {**self.environment, "PGPASSWORD": password}
        return subprocess.run(asked, env=environment, capture_output=True, text=True, check=False, timeout=30).stderr

    def lets_in(self, password: str) -> bool:
        """Whether a client with this password is let in before long."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if not self.refusal(password):
                return True
            time.sleep(0.2)
        return False


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bulkhead-postgres-") as name:
        shutil.chown(name, "postgres")
        yield Path(name)


def test_the_password_of_the_file_is_the_one_that_works(folder: Path) -> None:
    served = Database(folder)
    first, second = "first/pass:word%20", "second'; DROP TABLE users; --"
    with served.running(first):
        assert served.lets_in(first)
        assert "password authentication failed" in served.refusal(second)
    with served.running(second):
        assert served.lets_in(second)
        assert "password authentication failed" in served.refusal(first)
    log = (folder / "log").read_text()
    assert "ready to accept connections" in log
    assert first not in log
    assert second not in log

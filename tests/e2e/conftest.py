# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daemons for tests. Read-only tests share one with the whole cast; whoever changes a daemon takes a private one."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import docker
import pytest

from tests.lab.cast import Member, set_stage
from tests.lab.dockerd import Dockerd


@dataclass(frozen=True)
class Stage:
    """A daemon, an independent client of it, and the containers on it."""

    daemon: Dockerd
    client: docker.DockerClient
    members: tuple[Member, ...]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without root or dockerd there is no lab: say so instead of failing a hundred times."""
    reason = "needs root" if os.geteuid() else "" if shutil.which("dockerd") else "needs dockerd (Debian: docker.io)"
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """A daemon with default options and the whole cast. Do not change it: the session shares it."""
    with Dockerd(bridge=True) as daemon:
        members = set_stage(daemon)
        with contextlib.closing(daemon.client()) as client:
            yield Stage(daemon, client, members)


@pytest.fixture
def dockerd() -> Iterator[Dockerd]:
    """A private daemon with default options and nothing on it, for one test."""
    with Dockerd() as daemon:
        yield daemon


@pytest.fixture
def make_dockerd() -> Iterator[Callable[..., Dockerd]]:
    """Start private daemons with options of one's own: `make_dockerd(daemon_json={"icc": False})`."""
    with contextlib.ExitStack() as daemons:

        def make(**options: Any) -> Dockerd:
            return daemons.enter_context(Dockerd(**options))

        yield make

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daemons and clusters for tests. Read-only tests share one; whoever changes a daemon or a whole cluster takes his own.

The shared clusters belong to many tests: each makes what it needs in a namespace of its own (`k8s_namespace`), gives
objects without a namespace a name of its own, and takes them away again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import docker
import pytest

from tests.lab.cast import Member, set_stage
from tests.lab.dockerd import Dockerd
from tests.lab.kubernetes import Kubernetes


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


@pytest.fixture(scope="session")
def k8s_api() -> Iterator[Kubernetes]:
    """An API server without any controller: objects stay as they are written."""
    with Kubernetes("api") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def k8s() -> Iterator[Kubernetes]:
    """API server, controllers and scheduler, without a node."""
    with Kubernetes("ctl") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def k8s_full() -> Iterator[Kubernetes]:
    """A cluster with a node, where pods run. One at a time on a machine: the next waits for it."""
    with Kubernetes("full") as cluster:
        yield cluster


@pytest.fixture
def make_k8s() -> Iterator[Callable[..., Kubernetes]]:
    """Start private clusters: `make_k8s("api", api_flags=["--anonymous-auth=false"])`."""
    with contextlib.ExitStack() as clusters:

        def make(mode: str = "ctl", **options: Any) -> Kubernetes:
            return clusters.enter_context(Kubernetes(mode, **options))

        yield make


@pytest.fixture
def k8s_namespace(k8s: Kubernetes) -> Iterator[str]:
    """The name of a new namespace on `k8s`, with its default ServiceAccount."""
    with fresh_namespace(k8s) as name:
        yield name


@contextlib.contextmanager
def fresh_namespace(cluster: Kubernetes) -> Iterator[str]:
    """A namespace for as long as the block lasts; its removal is asked for and not waited for."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.make_namespace(name)
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")

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
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import docker
import pytest

from tests.e2e.response_fixtures import outside, response
from tests.lab.cast import Member, set_stage
from tests.lab.dockerd import Dockerd
from tests.lab.kubernetes import Kubernetes, node, programs

__all__ = ["outside", "response"]
"""Fixtures of the tests of the response runner, for pytest finds them here."""


@dataclass(frozen=True)
class Stage:
    """A daemon, an independent client of it, and the containers on it."""

    daemon: Dockerd
    client: docker.DockerClient
    members: tuple[Member, ...]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where the lab cannot run, say so once instead of failing a hundred times."""
    no_docker = "needs root" if os.geteuid() else "" if shutil.which("dockerd") else "needs dockerd (Debian: docker.io)"
    no_cluster = programs.obstacle()
    for item in items:
        reason = no_cluster if item.path.name.startswith("test_k8s_") else no_docker
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last words of the API server beside the failure of a test that used it."""
    report = yield
    if report.when == "call" and report.failed:
        fixtures: Mapping[str, object] = getattr(item, "funcargs", {})
        for name, cluster in fixtures.items():
            if isinstance(cluster, Kubernetes):
                report.sections.append((f"the API server of {name}", cluster.processes.tail("kube-apiserver")))
    return report


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


def _skip_without_node(mode: str) -> None:
    reason = node.obstacle() if mode == "full" else ""
    if reason:
        pytest.skip(reason)


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


class SharedNode:
    """The one cluster with a node: tests share it until one wants such a cluster for itself."""

    def __init__(self) -> None:
        self._cluster: Kubernetes | None = None

    def get(self) -> Kubernetes:
        """The cluster, which is started where it does not run."""
        if self._cluster is None:
            cluster = Kubernetes("full")
            self._cluster = cluster.__enter__()
        return self._cluster

    def end(self) -> None:
        """A machine carries but one."""
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None


@pytest.fixture(scope="session")
def shared_node() -> Iterator[SharedNode]:
    """Behind `k8s_full` and `make_k8s`."""
    shared = SharedNode()
    yield shared
    shared.end()


@pytest.fixture
def k8s_full(shared_node: SharedNode) -> Kubernetes:
    """A cluster with a node, where pods run. One at a time on a machine: another process waits for it."""
    _skip_without_node("full")
    return shared_node.get()


@pytest.fixture
def free_machine(shared_node: SharedNode) -> None:
    """No cluster of this session has a node, for a program that starts one of its own."""
    _skip_without_node("full")
    shared_node.end()


@pytest.fixture
def make_k8s(shared_node: SharedNode) -> Iterator[Callable[..., Kubernetes]]:
    """Start private clusters: `make_k8s("api", api_flags=["--anonymous-auth=false"])`."""
    with contextlib.ExitStack() as clusters:

        def make(mode: str = "ctl", **options: Any) -> Kubernetes:
            _skip_without_node(mode)
            if mode == "full":
                shared_node.end()
            return clusters.enter_context(Kubernetes(mode, **options))

        yield make


@pytest.fixture
def k8s_namespace(k8s: Kubernetes) -> Iterator[str]:
    """The name of a new namespace on `k8s`, with its default ServiceAccount."""
    with fresh_namespace(k8s) as name:
        yield name


def await_end_of_namespace(cluster: Kubernetes, name: str) -> None:
    """Until a namespace that an earlier test has removed is gone: it takes its time, and more on a busy machine."""
    cluster.kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=180s", check=False)


@contextlib.contextmanager
def fresh_namespace(cluster: Kubernetes) -> Iterator[str]:
    """A namespace for as long as the block lasts; its removal is asked for and not waited for."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.make_namespace(name)
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the Docker Engine: settings and faults."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bulkhead_response.actions.stop_container import StopContainer
from bulkhead_response.docker_api import DockerApi
from bulkhead_response.errors import ConfigError, Unreachable
from tests.unit.roles.response_engine.fake_docker_host import FakeDockerHost, a_container


@pytest.mark.parametrize("settings", [{}, {"socket": "docker.sock"}, {"socket": "tcp://127.0.0.1:2375"}])
def test_settings_that_cannot_be_used(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"^docker\.socket"):
        DockerApi(settings)


def test_nobody_listens(tmp_path: Path) -> None:
    async def ask() -> None:
        engine = DockerApi({"socket": f"unix://{tmp_path}/docker.sock"})
        try:
            await engine.get("/_ping")
        finally:
            await engine.close()

    with pytest.raises(Unreachable, match="does not answer"):
        asyncio.run(ask())


def test_an_engine_that_is_overloaded_may_answer_later() -> None:
    with pytest.raises(Unreachable, match="503"):
        FakeDockerHost(a_container(), stop=(503, {"message": "later"})).act(StopContainer({}))

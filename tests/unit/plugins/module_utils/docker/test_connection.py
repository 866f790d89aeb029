# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module parameters become an engine, or one clear sentence."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.doc_fragments.docker import ModuleDocFragment
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import (
    connect,
    connection_argument_spec,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError


def params(**changes: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in connection_argument_spec().items()}
    return {**defaults, **changes}


def test_the_default_is_the_socket_that_every_docker_has() -> None:
    assert connect(params()).socket_path == "/var/run/docker.sock"


def test_the_environment_does_not_choose_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    assert connect(params()).docker_host == "unix:///var/run/docker.sock"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_cert": "/c.pem"}, "needed together"),
        ({"tls": True}, "go with a tcp:// address"),
        ({"timeout": 0}, "more than 0 seconds"),
        ({"docker_host": "nonsense"}, "is not an address"),
    ],
)
def test_unusable_parameters_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DockerError, match=said):
        connect(params(**changes))


def test_the_documentation_says_what_the_spec_says() -> None:
    options = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    spec = connection_argument_spec()
    assert {name: (o["type"], o.get("default")) for name, o in options.items()} == {
        name: (o["type"], o.get("default")) for name, o in spec.items()
    }

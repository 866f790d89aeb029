# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""config.yaml: what the engine insists on, and nothing that is secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.engine_config import (
    config_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import SERVICES
from tests.unit.anchore_declaration import declared

_HOSTS = {each.component: f"host-{each.component}" for each in SERVICES}


def _config(**more: Any) -> dict[str, Any]:
    text = config_text(declared(**more), _HOSTS)
    read: dict[str, Any] = yaml.safe_load(text)
    assert read == json.loads(text)
    return read


def test_every_service_has_what_the_engine_insists_on() -> None:
    ports = {"apiext": 8228, "catalog": 8082, "simplequeue": 8083, "analyzer": 8084, "policy_engine": 8087}
    services = _config()["services"]
    assert {name: each["port"] for name, each in services.items()} == ports
    for each in services.values():
        assert {"enabled", "endpoint_hostname", "listen", "port"} <= set(each)
        # The engine refuses a file with some of these.
        assert len({"ssl_enable", "ssl_cert", "ssl_key"} & set(each)) in (0, 3)
    assert services["policy_engine"]["endpoint_hostname"] == "host-policy-engine"


def test_tls_is_at_the_api_and_among_the_services_where_it_is_declared() -> None:
    def with_tls(**more: Any) -> list[str]:
        return sorted(name for name, each in _config(**more)["services"].items() if each.get("ssl_enable"))

    assert with_tls() == ["apiext"]
    assert with_tls(tls=False) == []
    assert len(with_tls(internal_tls=True)) == 5
    assert _config(internal_tls=True)["internal_ssl_verify"] is True


def test_feeds_are_those_that_are_declared() -> None:
    own = _config(
        feeds={"groups": ["vulnerabilities"], "provider": "legacy", "url": "https://mirror/", "enabled": False}
    )
    vulnerabilities = own["services"]["policy_engine"]["vulnerabilities"]
    assert vulnerabilities["provider"] == "legacy"
    assert vulnerabilities["sync"]["enabled"] is False
    data = vulnerabilities["sync"]["data"]
    assert data["vulnerabilities"] == {"enabled": True, "url": "https://mirror/"}
    assert data["grypedb"] == {"enabled": False, "url": "https://g/"}


def test_what_is_declared_beside_goes_over_the_rest() -> None:
    config = _config(config={"services": {"catalog": {"cycle_timers": {"image_watcher": 60}}}})
    assert config["services"]["catalog"]["cycle_timers"] == {"image_watcher": 60, "notifications": 30}
    assert config["services"]["catalog"]["port"] == 8082


@pytest.mark.parametrize("key", ["credentials", "default_admin_password", "keys"])
def test_secrets_have_options_of_their_own(key: str) -> None:
    with pytest.raises(AnchoreDeploymentError, match=f"config: {key} is set by options of its own"):
        _config(config={key: "x"})


def test_hashed_passwords_need_tokens() -> None:
    with pytest.raises(AnchoreDeploymentError, match="needs oauth"):
        _config(hashed_passwords=True)
    config = _config(hashed_passwords=True, oauth=True)
    assert config["keys"] == {"secret": "${ANCHORE_AUTH_SECRET}"}
    assert config["user_authentication"]["hashed_passwords"] is True
    assert "keys" not in _config()


def test_a_database_elsewhere_is_verified() -> None:
    there = {"own": False, "host": "db.example.com", "sslmode": "verify-full"}
    arguments = _config(database=there)["credentials"]["database"]["db_connect_args"]
    assert arguments["sslmode"] == "verify-full"
    assert arguments["sslrootcert"] == "/home/anchore/certs/database-ca.pem"
    assert "sslrootcert" not in _config()["credentials"]["database"]["db_connect_args"]

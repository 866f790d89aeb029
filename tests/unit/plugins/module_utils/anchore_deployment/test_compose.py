# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Compose file of Anchore Engine: confined, on the loopback, and without a secret in it."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.compose import (
    compose_project,
    engine_files,
    kept_files,
)
from tests.unit.anchore_declaration import KEPT, declared

_ELSEWHERE = {"own": False, "host": "192.0.2.9", "port": 5433}


def _services(**more: Any) -> dict[str, Any]:
    services: dict[str, Any] = compose_project(declared(**more))["services"]
    return services


def test_every_container_is_confined() -> None:
    services = _services()
    assert sorted(services) == ["analyzer", "api", "catalog", "db", "policy-engine", "simplequeue"]
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"]
        assert service["pids_limit"]
        assert not service["user"].startswith("0")
        assert service["healthcheck"]["test"][0] == "CMD"
        assert all(mount["read_only"] for mount in service["volumes"] if mount["type"] == "bind")
    assert services["api"]["mem_limit"] == "1g"


def test_the_api_alone_is_published_and_the_database_leads_nowhere() -> None:
    project = compose_project(declared())
    published = {name: service["ports"] for name, service in project["services"].items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8228:8228"]}
    assert project["services"]["db"]["networks"] == ["database"]
    assert project["services"]["simplequeue"]["networks"] == ["engine", "database"]
    assert {name for name, network in project["networks"].items() if network.get("internal")} == {"engine", "database"}


def test_a_database_elsewhere_is_outside_for_every_service() -> None:
    project = compose_project(declared(database=_ELSEWHERE))
    assert "db" not in project["services"]
    assert "database" not in project["networks"]
    assert all(service["networks"] == ["engine", "outside"] for service in project["services"].values())
    assert project["services"]["catalog"]["depends_on"] == {}


def test_the_file_has_no_secret_and_changes_with_them() -> None:
    project = json.dumps(compose_project(declared()))
    for secret in (*KEPT.values(), "PRIVATE-KEY"):
        assert f'"{secret}"' not in project
    another = declared(credentials={**KEPT, "db_password": "another"})
    assert json.dumps(compose_project(another)) != project
    unchanged = declared(credentials={**KEPT, "admin_password": "another"})
    assert json.dumps(compose_project(unchanged)) == project


def test_secrets_are_files_of_those_who_read_them() -> None:
    files = {each["path"]: each for each in [*kept_files(declared()), *engine_files(declared())]}
    assert files["/etc/anchore/secrets"]["mode"] == "0700"
    owners = {path.rpartition("/")[2]: each["owner"] for path, each in files.items() if "secret" in each}
    assert owners == {
        "credentials.json": "0",
        "anchore.env": "1000",
        "config.yaml": "1000",
        "ca.pem": "1000",
        "cert.pem": "1000",
        "key.pem": "1000",
        "db_password": "999",
    }
    assert {each["mode"] for each in files.values() if "secret" in each} == {"0600"}
    assert "/etc/anchore/secrets/db_password" not in [
        each["path"] for each in engine_files(declared(database=_ELSEWHERE))
    ]


def test_compose_puts_nothing_into_the_start_of_the_database() -> None:
    script = _services()["db"]["entrypoint"][2]
    assert "$$POSTGRES_USER" in script
    assert "$" not in script.replace("$$", "")


def test_health_is_asked_as_the_service_answers() -> None:
    services = _services()
    assert services["api"]["healthcheck"]["test"][-1] == "https://localhost:8228/health"
    assert "--cacert" in services["api"]["healthcheck"]["test"]
    assert services["analyzer"]["healthcheck"]["test"][-1] == "http://localhost:8084/health"

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The five services of Anchore Engine 1.1.0: what each is called where, its port, and where it writes.

Source: the engine's configuration file, its image and its Helm chart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CERTIFICATES = "/home/anchore/certs"
CONFIG_FILE = "/config/config.yaml"
ENVIRONMENT_FILE = "/run/secrets/anchore/anchore.env"
SCRATCH = "/analysis_scratch"
SERVICE_DIR = "/anchore_service"
USER = 1000
"""The user of the image, and its group."""
SMALL_FOLDERS = {
    "tmp": "/tmp",
    "logs": "/var/log/anchore",
    "run": "/var/run/anchore",
    # Here the image's entry point joins the authorities of CERTIFICATES to those of the system.
    "authorities": "/home/anchore/certs_override",
}
"""Where the engine writes beside SCRATCH and SERVICE_DIR, by the name of the volume."""


@dataclass(frozen=True)
class Service:
    """component: its name in objects. section: its name in the configuration and for anchore-manager."""

    component: str
    section: str
    port: int
    reaches_out: bool = False
    """Whether it asks registries, feeds or receivers of notifications."""


SERVICES = (
    Service("api", "apiext", 8228),
    Service("catalog", "catalog", 8082, reaches_out=True),
    Service("simplequeue", "simplequeue", 8083),
    Service("analyzer", "analyzer", 8084, reaches_out=True),
    Service("policy-engine", "policy_engine", 8087, reaches_out=True),
)
DATABASE_PORT = 5432


def speaks_tls(service: Service, deployment: Mapping[str, Any]) -> bool:
    """Whether a service answers by TLS: the API where `tls` is declared, the others where `internal_tls` is."""
    return bool(deployment["tls"] if service.component == "api" else deployment["internal_tls"])


def start_command(service: Service) -> list[str]:
    """How the image starts a service. The catalog alone brings the tables of the database up to date."""
    upgrade = [] if service.component == "catalog" else ["--no-auto-upgrade"]
    return ["anchore-manager", "service", "start", *upgrade, service.section]


def environment(service: Service, deployment: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a service that hold no secret: secrets are read from a file."""
    scheme = "https" if speaks_tls(service, deployment) else "http"
    return {
        "ANCHORE_CONFIG_DIR": "/config",
        "ANCHORE_ENV_FILE": ENVIRONMENT_FILE,
        "ANCHORE_CLI_URL": f"{scheme}://localhost:{service.port}/v1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": "/tmp/cache",
    }

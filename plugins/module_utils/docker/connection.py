# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the Docker modules are told which engine to talk to.

A Docker context and the environment (DOCKER_HOST, DOCKER_TLS_VERIFY) are left alone on purpose: they belong to
whoever logged in, and the engine that is audited or changed must be the one that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    Engine,
    TlsFiles,
)


def connection_argument_spec() -> dict[str, dict[str, Any]]:
    """The argument spec of the options that the doc fragment `docker` describes."""
    return {
        "docker_host": {"type": "str", "default": "unix:///var/run/docker.sock"},
        "tls": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path"},
        "timeout": {"type": "float", "default": 30.0},
    }


def connect(params: Mapping[str, Any]) -> Engine:
    """The engine that a module's parameters name; nothing is sent yet. Raises DockerError for unusable options."""
    tls = _tls_files(params)
    docker_host = str(params["docker_host"])
    if tls and not docker_host.startswith("tcp://"):
        raise DockerError(f"TLS options go with a tcp:// address, and docker_host is {docker_host}")
    if float(params["timeout"]) <= 0:
        raise DockerError("timeout must be more than 0 seconds")
    return Engine(docker_host, timeout=float(params["timeout"]), tls=tls)


def _tls_files(params: Mapping[str, Any]) -> TlsFiles | None:
    ca, cert, key = params.get("ca_path"), params.get("client_cert"), params.get("client_key")
    if bool(cert) != bool(key):
        raise DockerError("client_cert and client_key are needed together")
    if not (params.get("tls") or ca or cert):
        return None
    return TlsFiles(ca=ca, cert=cert, key=key, verify=bool(params.get("validate_certs", True)))

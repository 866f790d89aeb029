# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file of the webhook, made of what is declared. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.declaration import (
    ETC,
    HEALTH,
    HTTPS,
    Declaration,
)

# How the files of the secrets are called, and which keys of the configuration name them.
_FILES = {
    "scanner_password": ("scanner", "password_file"),
    "scanner_ca.pem": ("scanner", "ca_file"),
    "bundle.json": ("scanner", "bundle_file"),
    "verdicts.json": ("scanner", "verdicts_file"),
    "docker_config.json": ("registry", "credentials_file"),
    "registry_ca.pem": ("registry", "ca_file"),
}


def settings(declared: Declaration) -> dict[str, Any]:
    """What the webhook reads: the settings of the user, the files that there are, and what the pod decides."""
    found: dict[str, Any] = {name: _copied(value) for name, value in declared["settings"].items()}
    for file, (section, key) in _FILES.items():
        if file in declared["secrets"]:
            found.setdefault(section, {})[key] = f"{ETC}/secrets/{file}"
    tls = {"cert_file": f"{ETC}/tls/cert.pem", "key_file": f"{ETC}/tls/key.pem"}
    if declared["client_ca"]:
        tls["client_ca_file"] = f"{ETC}/tls/client-ca.pem"
    exemptions = found.setdefault("exemptions", {})
    exemptions["namespaces"] = [*exemptions.get("namespaces", []), *declared["exempt_namespaces"]]
    return {
        **found,
        "listen": f"0.0.0.0:{HTTPS}",
        "health": f"0.0.0.0:{HEALTH}",
        "tls": {**tls, **({"client_names": declared["client_names"]} if declared["client_names"] else {})},
        "own_namespace": declared["namespace"],
        "policies": [_copied(policy) for policy in declared["policies"]],
        # The API server says how long it waits with each review; this is for those that do not.
        "seconds": max(0.5, int(declared["timeout_seconds"]) - 1),
    }


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration that the pod reads."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.declaration import merged
from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.settings import settings


def test_files_are_named_where_they_are_there() -> None:
    declared: dict[str, Any] = {
        "settings": {"scanner": {"kind": "anchore"}, "exemptions": {"users": ["a"]}},
        "secrets": {"scanner_password": "eA==", "docker_config.json": "e30="},
        "exempt_namespaces": ["base"],
        "client_ca": "PEM",
        "client_names": ["apiserver"],
        "timeout_seconds": 5,
    }
    found = settings(merged(declared))
    assert found["scanner"] == {"kind": "anchore", "password_file": "/etc/bulkhead-admission/secrets/scanner_password"}
    assert found["registry"] == {"credentials_file": "/etc/bulkhead-admission/secrets/docker_config.json"}
    assert found["exemptions"] == {"users": ["a"], "namespaces": ["base"]}
    assert found["tls"]["client_ca_file"] == "/etc/bulkhead-admission/tls/client-ca.pem"
    assert found["tls"]["client_names"] == ["apiserver"]
    assert (found["seconds"], found["own_namespace"]) == (4, "bulkhead-admission")
    assert "eA==" not in str(found)
    # What was declared is not written into.
    assert declared["settings"]["scanner"] == {"kind": "anchore"}

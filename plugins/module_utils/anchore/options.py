# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the Anchore modules are told which engine to talk to, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError


def anchore_argument_spec() -> dict[str, dict[str, Any]]:
    """The argument spec of the options that the doc fragment `anchore` describes."""
    return {
        "url": {"type": "str", "required": True},
        "username": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "account": {"type": "str", "default": ""},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "timeout": {"type": "float", "default": 30.0},
        "retries": {"type": "int", "default": 3},
    }


def client_of(params: Mapping[str, Any]) -> AnchoreClient:
    """The client that the options describe. Raises AnchoreError for options that cannot be used."""
    if params["timeout"] <= 0:
        raise AnchoreError("usage", f"timeout: must be more than 0 seconds, and it is {params['timeout']:g}")
    if params["retries"] < 0:
        raise AnchoreError("usage", f"retries: must not be negative, and it is {params['retries']}")
    return AnchoreClient(
        params["url"],
        params["username"],
        params["password"],
        account=params["account"],
        ca_file=params["ca_path"],
        verify=params["validate_certs"],
        timeout=params["timeout"],
        retries=params["retries"],
    )

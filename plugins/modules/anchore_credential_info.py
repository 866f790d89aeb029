#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anchore_credential_info
short_description: The secrets that a deployment of Anchore Engine keeps, and new ones for those that it lacks
version_added: 0.4.0
description:
  - Reads what the role C(anchore) keeps, in a Secret of the cluster (O(name) and O(namespace)) or in a file of a host
    (O(path)), and makes up new values beside it. Nothing is written.
  - What it returns is secret. Set C(no_log) on the task.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
options:
  name:
    description: The Secret.
    type: str
  namespace:
    description: Its namespace.
    type: str
  path:
    description: The file, in place of a Secret.
    type: path
attributes:
  check_mode:
    description: Nothing is ever changed.
    support: full
  diff_mode:
    description: Nothing is ever changed.
    support: none
  idempotent:
    description: Nothing is ever changed. New values are others each time.
    support: full
"""

EXAMPLES = r"""
- name: Read what is kept
  bulkhead.container_security.anchore_credential_info:
    name: anchore-credentials
    namespace: anchore
  register: anchore_credentials
  no_log: true
"""

RETURN = r"""
stored:
  description: What is kept, by name. Empty where nothing is.
  returned: success
  type: dict
fresh:
  description: A new value for each secret of a deployment.
  returned: success
  type: dict
"""

import base64
import binascii
import json
import secrets
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.credentials import NAMES
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

_LARGEST = 64 * 1024


def of_secret(cluster: Cluster, namespace: str, name: str) -> dict[str, str]:
    """The texts of a Secret; empty where there is none. Raises K8sError and AnchoreDeploymentError."""
    try:
        found = cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    except ApiStatus as exc:
        if exc.status == 404:
            return {}
        raise
    try:
        data = found.get("data") or {}
        return _texts({key: base64.b64decode(value, validate=True).decode() for key, value in data.items()})
    except (AttributeError, TypeError, ValueError, binascii.Error):
        raise _unreadable(f"the Secret {namespace}/{name}") from None


def of_file(path: str) -> dict[str, str]:
    """The texts of a file; empty where there is none. Raises AnchoreDeploymentError."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            return _texts(json.loads(file.read(_LARGEST)))
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise AnchoreDeploymentError(f"{path} cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError):
        # The message of the parser would show a part of it.
        raise _unreadable(path) from None


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError
    return value


def _unreadable(where: str) -> AnchoreDeploymentError:
    return AnchoreDeploymentError(
        f"{where} does not hold what the role anchore keeps there: restore it, or new secrets would lock the engine out"
    )


def fresh_values() -> dict[str, str]:
    """New values, of 190 bits."""
    return {name: secrets.token_hex(24) for name in NAMES}


def main() -> None:
    """Run the module."""
    places = {"name": {"type": "str"}, "namespace": {"type": "str"}, "path": {"type": "path"}}
    module = AnsibleModule(
        {**connection_argument_spec(), **places},
        supports_check_mode=True,
        mutually_exclusive=[*MUTUALLY_EXCLUSIVE, ["name", "path"]],
        required_together=[*REQUIRED_TOGETHER, ["name", "namespace"]],
        required_one_of=[["name", "path"]],
    )
    params = module.params
    try:
        if params["path"]:
            stored = of_file(params["path"])
        else:
            require_kubernetes(module)
            stored = of_secret(connect(params), params["namespace"], params["name"])
    except (AnchoreDeploymentError, K8sError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, stored=stored, fresh=fresh_values())


if __name__ == "__main__":
    main()

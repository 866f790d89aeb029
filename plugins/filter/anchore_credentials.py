# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secrets that a deployment of Anchore Engine has to keep."""

from __future__ import annotations

DOCUMENTATION = r"""
name: anchore_credentials
short_description: Secrets that a deployment of Anchore Engine has to keep
version_added: 0.4.0
positional: given
author: Bulkhead contributors (@bulkhead-security)
description:
  - Decides what is kept from what M(bulkhead.container_security.anchore_credential_info) returns and what is declared.
    What is there stays, unless it is declared otherwise or shall be rotated.
  - A new password of the administrator is kept as C(admin_password_next) until the engine has taken it.
options:
  _input:
    description: The result of the module, with C(stored) and C(fresh).
    type: dict
    required: true
  given:
    description: Declared values of C(admin_password) and C(db_password). An empty one is none.
    type: dict
    default: {}
  rotate:
    description: Replace what is not declared.
    type: bool
    default: false
  own_database:
    description: Whether the database belongs to the deployment.
    type: bool
    default: true
  settled:
    description: Take the next password of the administrator for the one in force.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Decide what is kept
  ansible.builtin.set_fact:
    anchore_kept: "{{ anchore_credentials | bulkhead.container_security.anchore_credentials(rotate=true) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: What has to be kept, by name.
  type: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.credentials import (
    kept_credentials,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.credentials import (
    settled as settled_credentials,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)


def anchore_credentials(
    info: Any, given: Any = None, *, rotate: bool = False, own_database: bool = True, settled: bool = False
) -> dict[str, str]:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    # The round trip gives plain values: those of a play carry tags.
    info, given = json.loads(json.dumps([info, given or {}]))
    try:
        kept = kept_credentials(info["stored"], info["fresh"], given, rotate=rotate, own_database=own_database)
    except AnchoreDeploymentError as exc:
        raise AnsibleFilterError(f"anchore_credentials: {exc}") from None
    return settled_credentials(kept) if settled else kept


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"anchore_credentials": anchore_credentials}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of Vuls."""

from __future__ import annotations

DOCUMENTATION = r"""
name: vuls_config
short_description: The configuration of Vuls
version_added: 0.4.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes config.toml of Vuls of what is declared. The role C(vuls) writes it.
options:
  _input:
    description: The declaration, with C(servers), C(default), C(databases) and C(config) of the role C(vuls).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ {'servers': {'here': {'host': 'localhost'}}, 'default': {}, 'databases': {}, 'config': {}}
      | bulkhead.container_security.vuls_config }}"
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.vuls.config import (
    VulsConfigError,
    config_text,
)


def vuls_config(declared: Any) -> str:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    try:
        # The round trip gives plain values: those of a play carry tags.
        return config_text(json.loads(json.dumps(declared)))
    except (VulsConfigError, KeyError) as exc:
        reason = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc)
        raise AnsibleFilterError(f"vuls_config: {reason}") from None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"vuls_config": vuls_config}

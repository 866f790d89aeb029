# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes objects that run Clair."""

from __future__ import annotations

DOCUMENTATION = r"""
name: clair_objects
short_description: Kubernetes objects that run Clair
version_added: 0.4.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes every object of Clair 4 in combo mode and of its PostgreSQL. The role C(clair) applies them.
  - The result holds secrets.
options:
  _input:
    description:
      - The declaration, with the variables of the role C(clair) by their names without C(clair_), and C(database).
        C(stored), C(fresh) and C(given) are the secrets that are kept, new ones, and declared ones.
    type: dict
    required: true
  part:
    description:
      - V(clair) is what runs. V(kept) is what outlives it, which are the namespace, the secrets and the claim of the
        data.
    type: str
    choices: [clair, kept]
    default: clair
"""

EXAMPLES = r"""
- name: Make them
  ansible.builtin.set_fact:
    made: "{{ deployment | bulkhead.container_security.clair_objects }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The objects, ready to be applied as one set.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.clair import objects
from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.config import kept_secrets
from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.errors import ClairError


def clair_objects(deployment: Any, part: str = "clair") -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    # The round trip gives plain values: those of a play carry tags.
    declared = json.loads(json.dumps(deployment))
    try:
        if not declared["database"]["own"] and not declared["given"].get("db_password"):
            raise ClairError("database_password is needed with database_host")
        secrets = kept_secrets(declared["stored"], declared["fresh"], declared["given"])
        make = objects.kept_objects if part == "kept" else objects.clair_objects
        return make({**declared, "secrets": secrets})
    except (ClairError, KeyError) as exc:
        reason = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc)
        raise AnsibleFilterError(f"clair_objects: {reason}") from None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"clair_objects": clair_objects}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes objects that run Anchore Engine."""

from __future__ import annotations

DOCUMENTATION = r"""
name: anchore_objects
short_description: Kubernetes objects that run Anchore Engine
version_added: 0.4.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes every object of the five services and of their PostgreSQL. The role C(anchore) applies them.
  - The result holds secrets.
options:
  _input:
    description:
      - The declaration, with the variables of the role C(anchore) by their names without C(anchore_), C(credentials)
        as P(bulkhead.container_security.anchore_credentials#filter) decides them, C(files), the PEM texts of the
        certificates by name, and C(database).
    type: dict
    required: true
  part:
    description:
      - V(engine) is what runs. V(kept) is what outlives it, which are the namespace, the secrets and the claim of the
        data.
    type: str
    choices: [engine, kept]
    default: engine
"""

EXAMPLES = r"""
- name: Make them
  ansible.builtin.set_fact:
    made: "{{ deployment | bulkhead.container_security.anchore_objects }}"
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

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.objects import (
    engine_objects,
    kept_objects,
)


def anchore_objects(deployment: Any, part: str = "engine") -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    try:
        # The round trip gives plain values: those of a play carry tags.
        return (kept_objects if part == "kept" else engine_objects)(json.loads(json.dumps(deployment)))
    except (AnchoreDeploymentError, KeyError) as exc:
        reason = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc)
        raise AnsibleFilterError(f"anchore_objects: {reason}") from None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"anchore_objects": anchore_objects}

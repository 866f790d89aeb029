# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that run Anchore Engine by Docker Compose."""

from __future__ import annotations

DOCUMENTATION = r"""
name: anchore_compose
short_description: Files that run Anchore Engine by Docker Compose
version_added: 0.4.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes the Compose file of the five services and of their PostgreSQL, their configuration and their secrets.
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
    description: V(engine) is what runs. V(kept) is what outlives it, which are the secrets.
    type: str
    choices: [engine, kept]
    default: engine
"""

EXAMPLES = r"""
- name: Make them
  ansible.builtin.set_fact:
    made: "{{ deployment | bulkhead.container_security.anchore_compose }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The files, as M(bulkhead.container_security.docker_host_files) takes them.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.compose import (
    engine_files,
    kept_files,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)


def anchore_compose(deployment: Any, part: str = "engine") -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    try:
        # The round trip gives plain values: those of a play carry tags.
        return (kept_files if part == "kept" else engine_files)(json.loads(json.dumps(deployment)))
    except (AnchoreDeploymentError, KeyError) as exc:
        reason = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc)
        raise AnsibleFilterError(f"anchore_compose: {reason}") from None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"anchore_compose": anchore_compose}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only a restart changes in a configuration of a NATS server, as a digest."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nats_restart_digest
short_description: Tell whether a configuration of a NATS server needs a restart
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Reads the digest of what only a restart changes from a text that
    P(bulkhead.container_security.nats_config#filter) has made. Where the digests of two texts are the same, a reload is
    enough.
options:
  _input:
    description: The text of the configuration.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say what has to be done
  ansible.builtin.debug:
    msg: "{{ 'reload' if before == after else 'restart' }}"
  vars:
    before: "{{ lookup('ansible.builtin.file', 'before.conf') | bulkhead.container_security.nats_restart_digest }}"
    after: "{{ lookup('ansible.builtin.file', 'after.conf') | bulkhead.container_security.nats_restart_digest }}"
"""

RETURN = r"""
_value:
  description: The digest, empty for a text that was not made by the filter.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config import restart_digest


def nats_restart_digest(text: Any) -> str:
    """The filter."""
    return restart_digest(str(text))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"nats_restart_digest": nats_restart_digest}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events in which Ansible finds no template, whatever a stranger has written into them.

ansible-rulebook runs a plugin as a file of its own, from which no neighbour can be imported: `falco_alert` has the same
few lines.
"""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: no_templates
short_description: Break up templates in events
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - An event filter for C(ansible-rulebook) that puts a blank into whatever in an event begins like a template of Jinja.
  - C(ansible-rulebook) hands each event to a playbook as the variable C(ansible_eda), and Ansible evaluates
    templates in such variables. Names of images, labels and command lines, which strangers choose, could run commands
    there.
  - The filter M(bulkhead.container_security.falco_alert) does the same, so that this one is for other events.
options: {}
"""

EXAMPLES = r"""
- bulkhead.container_security.nats_jetstream:
    servers: [tls://nats.example.com:4222]
    stream: FINDINGS
    consumer: rulebook
  filters:
    - bulkhead.container_security.no_templates:
"""

import re
from typing import Any

# Ansible lets a text that begins with #jinja2: say for itself how its templates begin.
_TEMPLATE = re.compile(r"\{(?=[{%#])|#(?=jinja2:)")


def main(event: dict[str, Any]) -> dict[str, Any]:
    """A copy of the event without templates. What ansible-rulebook calls."""
    try:
        return {_harmless_text(str(name)): _harmless(value) for name, value in event.items()}
    except RecursionError:
        return {"meta": event.get("meta", {}), "error": "it is nested too deeply, and was left out"}


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return _harmless_text(value)
    if isinstance(value, list):
        return [_harmless(item) for item in value]
    if isinstance(value, dict):
        return {_harmless_text(str(name)): _harmless(item) for name, item in value.items()}
    return value


def _harmless_text(text: str) -> str:
    return _TEMPLATE.sub(r"\g<0> ", text)

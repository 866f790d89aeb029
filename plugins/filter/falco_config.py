# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Falco's configuration from a short declaration."""

from __future__ import annotations

DOCUMENTATION = r"""
name: falco_config
short_description: Falco's configuration from a declaration, checked against what Falco knows
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Puts keys of falco.yaml over a baseline that is fit for a response. Alerts are JSON with all their fields, drops are
    counted and told, the queue of outputs has an end, and no other file is read.
  - Falco only warns of a key that it does not know. Here it is an error, as are values of the wrong type, keys that
    a version has dropped or does not have yet, and plugins that are loaded and not declared.
  - What is not sound fails with a sentence that names each key.
positional: _input
options:
  _input:
    description:
      - Keys of falco.yaml. A dictionary goes over the baseline key by key, everything else in its place.
    type: dict
    required: true
  version:
    description: The version of Falco, from V(0.43.0) on.
    type: str
    default: 0.43.1
  platform:
    description: Where Falco runs. V(host) answers for its health on the loopback alone.
    type: str
    choices: [host, kubernetes]
    default: host
  http_output:
    description:
      - The receiver of alerts. C(url), C(ca_cert), C(client_cert), C(client_key), or any key of Falco's C(http_output).
      - Falco can send no token. A client certificate is all that it can prove itself with.
    type: dict
"""

EXAMPLES = r"""
- name: Show what Falco would be configured with
  ansible.builtin.debug:
    msg: "{{ {'priority': 'warning'} | bulkhead.container_security.falco_config(http_output=receiver) }}"
  vars:
    receiver:
      url: https://response.example.com:2801/
      ca_cert: /etc/falco/tls/ca.crt
      client_cert: /etc/falco/tls/tls.crt
      client_key: /etc/falco/tls/tls.key
"""

RETURN = r"""
_value:
  description: The whole configuration, as falco.yaml has it.
  type: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco import config as falco
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError


def falco_config(
    declared: Any, version: str = "0.43.1", platform: str = "host", http_output: Any = None
) -> dict[str, Any]:
    """The filter. Raises AnsibleFilterError with the sentence of what is wrong."""
    # A JSON round trip takes off the tags that Ansible puts on data.
    plain = json.loads(json.dumps({"declared": declared, "http": http_output or {}}))
    if not isinstance(plain["http"], dict):
        raise AnsibleFilterError("falco_config: http_output is a dictionary")
    try:
        return falco.falco_config(
            plain["declared"], version=str(version), platform=str(platform), http_output=plain["http"]
        )
    except FalcoError as exc:
        raise AnsibleFilterError(f"falco_config: {exc}") from exc


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"falco_config": falco_config}

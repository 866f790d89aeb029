# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of a hardened NATS server, as text."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nats_config
short_description: Configuration text of a hardened NATS server
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes the text of nats-server's configuration from a declaration. The role C(nats) installs what it makes.
  - Every client needs a certificate and an nkey or a password, every user has a list of subjects, and no user is
    let in without one of these. What would open the server is refused in one sentence.
options:
  _input:
    description:
      - The declaration, with the keys C(server_name), C(listen) and C(monitor) (an address and a port), C(pid_file),
        C(tls) (C(cert_file), C(key_file), C(ca_file), C(timeout), C(cipher_suites), C(curve_preferences)),
        C(accounts) (each C(name), C(jetstream) and C(users)), C(extra_users) (users who name their C(account)),
        C(system_account), C(nkeys) (public nkeys by user),
        C(limits), C(jetstream) (C(store_dir), C(max_memory_store), C(max_file_store)), C(cluster) (C(name), C(listen),
        C(routes), C(tls)) and C(extra), which are more fields as nats-server has them.
      - A user has C(name), C(auth) (V(nkey) or V(password)), C(password_hash) (bcrypt), C(publish), C(subscribe),
        C(deny_publish) and C(deny_subscribe).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the configuration that would be made
  ansible.builtin.debug:
    msg: "{{ server | bulkhead.container_security.nats_config }}"
  vars:
    server:
      server_name: nats-1
      listen: 0.0.0.0:4222
      tls:
        cert_file: /etc/nats/tls/cert.pem
        key_file: /etc/nats/tls/key.pem
        ca_file: /etc/nats/tls/ca.pem
      accounts:
        - name: SHOP
          users:
            - name: cashier
              publish: [orders.>]
              subscribe: [_INBOX.>]
      nkeys:
        cashier: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4
"""

RETURN = r"""
_value:
  description: The text. Its second line tells what only a restart changes.
  type: str
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config import nats_config
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError


def nats_config_filter(settings: Any) -> str:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    try:
        # The round trip gives plain values: those of a play carry tags.
        return nats_config(json.loads(json.dumps(settings)))
    except NatsError as exc:
        raise AnsibleFilterError(f"nats_config: {exc}") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"nats_config": nats_config_filter}

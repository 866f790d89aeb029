#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nats_identity
short_description: Certificates and nkeys for NATS, in a folder of the controller
version_added: 0.3.0
description:
  - Keeps an authority of its own for NATS on the controller, with certificates of servers and users that it has signed,
    and with an nkey for each user.
  - A certificate is renewed before it expires, and when the names or the authority no longer fit. An nkey is made once
    and kept.
  - Servers of a cluster show each other certificates of a second authority, so that a client, whose certificate is of
    the first, cannot pass for a server.
  - Nothing is sent to the target. The role C(nats) brings to it what it needs.
author: Bulkhead contributors (@bulkhead-security)
options:
  folder:
    description:
      - Folder on the controller. Its owner alone reads private keys and seeds. Keep it, and keep it safe.
      - Users find theirs in C(clients/USER), as C(ca.pem), C(cert.pem), C(key.pem) and C(user.nk).
    type: path
    required: true
  servers:
    description: Servers that shall have a certificate, in C(servers/NAME).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the folder.
        type: str
        required: true
      names:
        description: DNS names and IP addresses by which it is reached.
        type: list
        elements: str
        required: true
  users:
    description: Users who shall have a client certificate and an nkey.
    type: list
    elements: str
    default: []
  cluster:
    description: Whether servers get certificates for each other, too.
    type: bool
    default: false
  ca_passphrase:
    description: Passphrase of the keys of the authorities.
    type: str
  ca_common_name:
    description: How the common names of authorities that are made begin.
    type: str
    default: NATS
  ca_valid_days:
    description: Days that an authority that is made is valid.
    type: int
    default: 3650
  valid_days:
    description: Days that a certificate is valid, at most as long as its authority.
    type: int
    default: 365
  renew_days:
    description: Renew a certificate that has fewer days left.
    type: int
    default: 30
attributes:
  check_mode:
    description: Predicts what would be made, and why. Returns throwaway nkeys for users who have none.
    support: full
  diff_mode:
    description: Shows what would be made, and why, never a key.
    support: full
  idempotent:
    description: What serves is left alone.
    support: full
notes:
  - The C(cryptography) library is needed on the controller, where ansible-core brings it.
seealso:
  - module: bulkhead.container_security.nats_stream
"""

EXAMPLES = r"""
- name: Give a server and two users their identities
  bulkhead.container_security.nats_identity:
    folder: "{{ inventory_dir }}/pki/nats"
    servers:
      - name: nats-1
        names: [nats-1.example.com, 192.0.2.10]
    users: [forwarder, response_engine]
  register: nats_identity
"""

RETURN = r"""
renewed:
  description: What was made, and why.
  returned: success
  type: dict
  sample: {server nats-1: expires in 12 days}
nkeys:
  description: Public nkeys of the users, which everybody may know.
  returned: success
  type: dict
  sample: {forwarder: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4}
days_left:
  description: Days until the first of these certificates ends. Null in check mode where there is none yet.
  returned: success
  type: int
  sample: 364
folder:
  description: The folder.
  returned: success
  type: str
"""

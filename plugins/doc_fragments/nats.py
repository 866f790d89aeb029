# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that every module of ours that talks to NATS has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation fragment `bulkhead.container_security.nats`."""

    DOCUMENTATION = r"""
options:
  servers:
    description:
      - Addresses of the server, or of several of one cluster, such as V(tls://nats.example.com:4222).
      - With C(tls://), a server that offers no TLS is refused.
    type: list
    elements: str
    default: []
  ca_file:
    description:
      - PEM file of the authority that signed the certificate of the server. Without it, those that the system trusts.
    type: path
  cert_file:
    description: PEM file of the client certificate. Needs O(key_file).
    type: path
  key_file:
    description: PEM file of the private key of the client. Needs O(cert_file).
    type: path
  nkey_seed_file:
    description: File with the seed of the nkey of the user.
    type: path
  credentials_file:
    description: File with the JWT and the seed of the user, as C(nsc) writes it.
    type: path
  user:
    description: Name of a user who has a password. Needs O(password), and TLS.
    type: str
  password:
    description: The password.
    type: str
  tls_hostname:
    description: The name that the certificate of the server must have, where it is not that of the address.
    type: str
  timeout:
    description: Seconds to wait for the connection, and for each answer.
    type: float
    default: 10.0
requirements:
  - nats-py[nkeys] >= 2.11 (on the target)
notes:
  - The target is the machine that speaks to the server, mostly the controller itself (C(connection=local)).
  - Nothing is taken from the environment. A context of the C(nats) command is not used.
"""

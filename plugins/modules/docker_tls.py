#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_tls
short_description: Certificates for the TCP socket of a Docker Engine
version_added: 0.1.0
description:
  - Gives a Docker host a server certificate, and named users client certificates, all signed by one authority.
  - Certificates are made on the controller. The key of the authority never leaves it; the key of the server is sent to
    the target and kept there alone.
  - A certificate is renewed before it expires, and when the names, the authority or the key no longer fit.
  - The daemon reads its certificate when it starts. Restart it when this module reports a change.
author: Bulkhead contributors (@bulkhead-security)
options:
  state:
    description:
      - V(present) makes and renews certificates.
      - V(absent) puts back what was in O(cert_dir) before. The authority and the bundles of users stay on the
        controller.
    type: str
    choices: [present, absent]
    default: present
  names:
    description: DNS names and IP addresses by which clients reach the engine. Needed with O(state=present).
    type: list
    elements: str
    default: []
  cert_dir:
    description: Folder on the target for C(ca.pem), C(server-cert.pem) and C(server-key.pem).
    type: path
    default: /etc/docker/tls
  ca_dir:
    description:
      - Folder on the controller with the authority, C(ca.pem) and C(ca-key.pem).
      - Users get theirs in C(clients/USER), a folder that E(DOCKER_CERT_PATH) can name.
    type: path
    required: true
  ca_create:
    description: Whether to make an authority where O(ca_dir) has none.
    type: bool
    default: true
  ca_passphrase:
    description: Passphrase of the authority's key.
    type: str
  ca_common_name:
    description: Common name of an authority that is made.
    type: str
    default: Docker Engine API
  ca_valid_days:
    description: Days that an authority that is made is valid.
    type: int
    default: 3650
  valid_days:
    description: Days that a server or client certificate is valid, at most as long as its authority.
    type: int
    default: 365
  renew_days:
    description: Renew a certificate that has fewer days left.
    type: int
    default: 30
  clients:
    description: Users who shall have a client certificate.
    type: list
    elements: str
    default: []
  record:
    description: The file on the target that keeps what was there before.
    type: path
    default: /var/lib/bulkhead/docker_tls.json
attributes:
  check_mode:
    description: Predicts which certificates would be made, and why.
    support: full
  diff_mode:
    description: Shows what certificates say about themselves, never a key.
    support: full
  idempotent:
    description: A certificate that serves is left alone.
    support: full
notes:
  - The C(cryptography) library is needed on the controller, where ansible-core brings it. The target needs nothing.
seealso:
  - module: bulkhead.container_security.docker_tls_info
"""

EXAMPLES = r"""
- name: Give the engine a certificate, and two people access
  bulkhead.container_security.docker_tls:
    ca_dir: "{{ inventory_dir }}/pki/docker"
    names:
      - docker1.example.com
      - 192.0.2.10
    clients: [alice, deploy]
  register: docker_tls
"""

RETURN = r"""
renewed:
  description: What was made, and why.
  returned: success
  type: dict
  sample: {server: expires in 12 days}
certificate:
  description: What the certificate of the server says about itself.
  returned: success
  type: dict
  sample: {subject: CN=docker1.example.com, issuer: CN=Docker Engine API, names: [192.0.2.10, docker1.example.com],
    not_before: "2030-01-01T00:00:00Z", not_after: "2031-01-01T00:00:00Z", fingerprint: 9f86d0…}
paths:
  description: Where the files are on the target, for the options C(tlscacert), C(tlscert) and C(tlskey) of the daemon.
  returned: success
  type: dict
  sample: {ca: /etc/docker/tls/ca.pem, cert: /etc/docker/tls/server-cert.pem, key: /etc/docker/tls/server-key.pem}
"""

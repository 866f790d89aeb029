#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_tls_info
short_description: The certificate with which a Docker host answers on TCP
version_added: 0.1.0
description:
  - Reads the certificate of the authority and that of the server, and says whether the private key belongs to it.
  - The private key stays on the target; nothing of it is returned.
author: Bulkhead contributors (@bulkhead-security)
options:
  cert_dir:
    description: The folder with C(ca.pem), C(server-cert.pem) and C(server-key.pem).
    type: path
    default: /etc/docker/tls
attributes:
  check_mode:
    description: Nothing is ever changed.
    support: full
  diff_mode:
    description: Nothing is ever changed.
    support: none
  idempotent:
    description: Nothing is ever changed.
    support: full
seealso:
  - module: bulkhead.container_security.docker_tls
"""

EXAMPLES = r"""
- name: Read the certificate of a Docker host
  bulkhead.container_security.docker_tls_info:
  register: tls
"""

RETURN = r"""
ca:
  description: The certificate of the authority, PEM.
  returned: success
  type: str
certificate:
  description: The certificate of the server, PEM.
  returned: success
  type: str
key:
  description: Whether there is a private key.
  returned: success
  type: bool
key_matches:
  description: Whether the private key belongs to the certificate and can be used without a passphrase.
  returned: success
  type: bool
modes:
  description: The mode of each file; in its place the owner and group of a file that root does not own.
  returned: success
  type: dict
  sample: {ca.pem: "0444", server-cert.pem: "0444", server-key.pem: "0400"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.tls_facts import tls_facts


def main() -> None:
    """Run the module."""
    spec = {"cert_dir": {"type": "path", "default": "/etc/docker/tls"}}
    module = AnsibleModule(spec, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **tls_facts(module.params["cert_dir"]))
    except DockerError as exc:
        module.fail_json(msg=str(exc))


if __name__ == "__main__":
    main()

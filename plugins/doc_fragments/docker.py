# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that every module of ours that talks to a Docker Engine has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation fragment `bulkhead.container_security.docker`."""

    DOCUMENTATION = r"""
options:
  docker_host:
    description:
      - Address of the Docker Engine API, as C(unix:///path/to/docker.sock) or C(tcp://host:port).
      - The Docker context and the environment variable E(DOCKER_HOST) are not consulted, so that the engine
        spoken to is the one asked for.
    type: str
    default: unix:///var/run/docker.sock
  tls:
    description:
      - Use TLS for a C(tcp://) address. Implied by O(ca_path) and by O(client_cert).
    type: bool
    default: false
  validate_certs:
    description:
      - Whether the certificate of the engine must be valid for the address.
    type: bool
    default: true
  ca_path:
    description:
      - PEM file of the authority that signed the certificate of the engine. The system's authorities serve without it.
    type: path
  client_cert:
    description:
      - PEM file of the client certificate. Needs O(client_key).
    type: path
  client_key:
    description:
      - PEM file of the private key of the client. Needs O(client_cert).
    type: path
  timeout:
    description:
      - Seconds to wait for each answer of the engine.
    type: float
    default: 30.0
notes:
  - Nothing but Python 3.9 or later is needed on the target to speak to the engine; the Docker SDK for Python is
    not used.
"""

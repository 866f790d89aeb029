# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of the response engine from the variables of its role."""

from __future__ import annotations

DOCUMENTATION = r"""
name: response_configuration
short_description: The configuration of the response engine, and the files that go with it
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes the configuration of the response engine for any of its backends from the variables of the role
    C(response_engine).
  - Files that the variables name are those of the controller. The configuration names them where the engine finds
    them, and holds no secret itself.
options:
  _input:
    description:
      - The variables of the role without their prefix C(response_engine_). Of those, C(backend), C(name) and
        C(namespace) are required.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the configuration of an engine
  ansible.builtin.debug:
    msg: "{{ (options | bulkhead.container_security.response_configuration).config }}"
  vars:
    options:
      backend: host
      name: bulkhead-response
      namespace: bulkhead-response
      nats:
        servers: ["tls://nats.example.com:4222"]
        nkey_seed_file: /root/nats/response_engine.nk
      docker_socket: /run/docker.sock
      rules: []
"""

RETURN = r"""
_value:
  description:
    - C(config), the configuration.
    - C(files), the path on the controller of each file by its name in the folder of secrets.
    - C(folder), that folder, where the engine runs.
  type: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.response.configuration import (
    engine_configuration,
    folder_of_secrets,
    secret_files,
)


def response_configuration(options: Any) -> dict[str, Any]:
    """The filter. Raises AnsibleFilterError with the sentence of what is wrong."""
    # A JSON round trip takes off the tags that Ansible puts on data.
    plain = json.loads(json.dumps(options))
    try:
        return {
            "config": engine_configuration(plain),
            "files": secret_files(plain),
            "folder": folder_of_secrets(plain["name"]),
        }
    except K8sError as exc:
        raise AnsibleFilterError(f"response_configuration: {exc}") from exc
    except KeyError as exc:
        raise AnsibleFilterError(f"response_configuration: {exc} is missing") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"response_configuration": response_configuration}

#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have Clair look at images, and take its reports for findings."""

from __future__ import annotations

DOCUMENTATION = r"""
module: clair_report
short_description: Have Clair look at images, and take its reports for findings
version_added: 0.4.0
description:
  - Finds images in their registries, hands their manifests in to Clair 4, and fetches its reports as findings for
    M(bulkhead.container_security.audit_report).
  - Clair fetches the layers by itself, with the token or the password that the registry has asked this module for.
  - What Clair has indexed already is not handed in again. Its report is made anew by Clair whenever it is asked for, of
    the vulnerabilities that are known by then.
author:
  - Bulkhead contributors (@bulkhead-security)
attributes:
  check_mode:
    support: full
    description: Nothing is handed in. Reports of what is indexed already are fetched.
  diff_mode:
    support: none
    description: Findings are compared by M(bulkhead.container_security.audit_report).
  idempotent:
    support: full
    description: An image that is indexed stays as it is.
options:
  url:
    description: Where Clair answers, for indexer and matcher alike.
    type: str
    required: true
  images:
    description: References of images, by tag or by digest.
    type: list
    elements: str
    required: true
  platform:
    description: Which image of an index is meant.
    type: str
    default: linux/amd64
  psk:
    description: The pre-shared key of Clair's configuration, in base64.
    type: str
  issuer:
    description: One of the issuers that Clair's configuration allows.
    type: str
    default: bulkhead
  ca_path:
    description: PEM file of the authority of Clair's certificate.
    type: path
  validate_certs:
    description: Whether the certificate of Clair must be valid.
    type: bool
    default: true
  timeout:
    description: Seconds for each answer of Clair, which answers when it has read all layers.
    type: float
    default: 600.0
  registries:
    description: Credentials for registries.
    type: list
    elements: dict
    default: []
    suboptions:
      registry:
        description: The registry, as references name it.
        type: str
        required: true
      username:
        description: The user.
        type: str
        required: true
      password:
        description: The password, or a token.
        type: str
        required: true
  plain_registries:
    description: Registries that are spoken to without TLS, with their ports.
    type: list
    elements: str
    default: []
  registry_ca_path:
    description: PEM file of the authority of the registries' certificates.
    type: path
  force:
    description: Hand in manifests that are indexed already, too.
    type: bool
    default: false
  parallel:
    description: How many images are handed in at a time.
    type: int
    default: 4
  reports_dir:
    description: A folder for the reports of Clair, with mode 0600.
    type: path
  target:
    description: The name of the host or cluster in findings. Without it, the image.
    type: str
  minimum_severity:
    description: Leave out what is less severe.
    type: str
    choices: [info, low, medium, high, critical]
    default: info
  only_fixable:
    description: Leave out vulnerabilities for which there is no fix.
    type: bool
    default: false
  limit:
    description: How many findings of an image are returned at most. The most severe stay.
    type: int
    default: 10000
seealso:
  - module: bulkhead.container_security.findings_import
  - module: bulkhead.container_security.image_scan
"""

EXAMPLES = r"""
- name: Have Clair look at what runs
  bulkhead.container_security.clair_report:
    url: https://clair.example.com
    psk: "{{ clair_psk }}"
    images:
      - registry.example.com/shop/web:1.4
      - registry.example.com/shop/db:1.4
    reports_dir: reports
  register: clair

- name: Report
  bulkhead.container_security.audit_report:
    registered: [clair]
    output_dir: reports
    fail_on: critical
"""

RETURN = r"""
results:
  description: What was found of each image, in the form of the results of audit modules.
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: The reference.
      type: str
    digest:
      description: The digest of the manifest of the platform.
      type: str
    submitted:
      description: Whether the manifest was handed in, or would be.
      type: bool
    report:
      description: The file of the report.
      type: str
    findings:
      description: The findings, as M(bulkhead.container_security.findings_import) returns them.
      type: list
      elements: dict
    summary:
      description: Counts of the findings, and of failures by severity. Not there in check mode for what is not indexed.
      type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.errors import ClairError
from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.report import report
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options, as documented above."""
    credentials: dict[str, Any] = {
        "registry": {"type": "str", "required": True},
        "username": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
    }
    return {
        "url": {"type": "str", "required": True},
        "images": {"type": "list", "elements": "str", "required": True},
        "platform": {"type": "str", "default": "linux/amd64"},
        "psk": {"type": "str", "no_log": True},
        "issuer": {"type": "str", "default": "bulkhead"},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "timeout": {"type": "float", "default": 600.0},
        "registries": {"type": "list", "elements": "dict", "default": [], "options": credentials},
        "plain_registries": {"type": "list", "elements": "str", "default": []},
        "registry_ca_path": {"type": "path"},
        "force": {"type": "bool", "default": False},
        "parallel": {"type": "int", "default": 4},
        "reports_dir": {"type": "path"},
        "target": {"type": "str"},
        "minimum_severity": {
            "type": "str",
            "choices": ["info", "low", "medium", "high", "critical"],
            "default": "info",
        },
        "only_fixable": {"type": "bool", "default": False},
        "limit": {"type": "int", "default": 10000},
    }


def main() -> None:
    """Report, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        result = report(module.params, check=module.check_mode, folder=module.tmpdir)
    except (ClairError, ImportFault) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

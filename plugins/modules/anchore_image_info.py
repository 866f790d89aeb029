#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Anchore Engine knows of images."""

from __future__ import annotations

DOCUMENTATION = r"""
module: anchore_image_info
short_description: Ask Anchore Engine for verdicts, vulnerabilities and contents of images
version_added: 0.4.0
description:
  - Asks for many images in one call, several at once. The findings are of the same form as those of
    M(bulkhead.container_security.image_scan).
  - Does not fail because of what it finds, nor for an image of which nothing is known, which is a finding with the
    status C(error). Use M(bulkhead.container_security.audit_report) to let a play fail.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.anchore
attributes:
  check_mode:
    support: full
    description: Works the same with and without check mode, for it never changes anything.
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: A second run gives the same, unless the engine has learnt something.
options:
  images:
    description: The images.
    type: list
    elements: dict
    required: true
    suboptions:
      tag:
        description: The tag, such as V(docker.io/library/nginx:1.27).
        type: str
        required: true
      digest:
        description: The digest of its manifest. Without it, the newest that the engine knows under the tag.
        type: str
  evaluate:
    description: Judge the images by the active bundle, or by O(policy_id).
    type: bool
    default: true
  policy_id:
    description: The id of the bundle to judge by. Empty means the active one.
    type: str
    default: ''
  vulnerabilities:
    description: Which vulnerabilities to ask for.
    type: str
    choices: [all, os, non-os, none]
    default: all
  minimum_severity:
    description: Leave out vulnerabilities that are less severe.
    type: str
    choices: [unknown, negligible, low, medium, high, critical]
    default: unknown
  only_fixable:
    description: Leave out vulnerabilities without a fix.
    type: bool
    default: false
  content:
    description: Types of content to list, such as V(os), V(files), V(npm), V(python), V(java), V(malware).
    type: list
    elements: str
    default: []
  parallel:
    description: How many images are asked for at once.
    type: int
    default: 8
  image_timeout:
    description: Seconds after which an image is given up.
    type: float
    default: 120.0
  target:
    description: The name in findings of what is looked at.
    type: str
    default: images
seealso:
  - module: bulkhead.container_security.anchore_image
  - module: bulkhead.container_security.image_audit
"""

EXAMPLES = r"""
- name: Ask for the verdict and for what can be mended
  bulkhead.container_security.anchore_image_info:
    url: https://anchore.example.com:8228/v1
    username: admin
    password: "{{ anchore_password }}"
    images:
      - tag: registry.example.com/shop/web:1.4
    minimum_severity: high
    only_fixable: true
  register: web

- name: Show why it is refused
  ansible.builtin.debug:
    msg: "{{ web.images[0].reasons | selectattr('action', 'eq', 'stop') | map(attribute='message') }}"
"""

RETURN = r"""
images:
  description: One entry for each image, in the order of O(images).
  returned: success
  type: list
  elements: dict
  contains:
    reference:
      description: The tag.
      type: str
    digest:
      description: The digest of its manifest.
      type: str
    action:
      description: The verdict, one of V(go), V(warn), V(stop). Empty where none was asked for, or there is none.
      type: str
    passed:
      description: Whether it may run. Nothing where it was not judged.
      type: bool
    policy_id:
      description: The id of the bundle that decided.
      type: str
    why:
      description: What decided.
      type: str
    reasons:
      description:
        - The rules that were triggered, with C(gate), C(trigger), C(trigger_id), C(message), C(action), C(allowlisted).
      type: list
      elements: dict
    evaluated_at:
      description: When it was judged, in UTC.
      type: str
    vulnerabilities:
      description: How many there are of each severity.
      type: dict
    vulnerability_list:
      description: The vulnerabilities.
      type: list
      elements: dict
    content:
      description: What was asked for by O(content), by its type.
      type: dict
    error:
      description: Why there is no answer.
      type: str
    error_kind:
      description: The kind of that, such as V(timeout), V(unknown_image), V(not_analysed) or V(wrong_digest).
      type: str
findings:
  description: The verdicts, their reasons and the vulnerabilities as findings.
  returned: success
  type: list
  elements: dict
summary:
  description: Counts of the findings by status, and of failures by severity.
  returned: success
  type: dict
controls:
  description: Ids of the controls that were judged.
  returned: success
  type: list
  elements: str
collected_at:
  description: When it was asked, in UTC.
  returned: success
  type: str
target:
  description: The name in the findings.
  returned: success
  type: str
failed_images:
  description: The images without an answer, and why.
  returned: success
  type: list
  elements: str
requests:
  description: How many requests were made.
  returned: success
  type: int
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_info import Question, ask_all
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.options import (
    anchore_argument_spec,
    client_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import SEVERITIES


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    image = {"tag": {"type": "str", "required": True}, "digest": {"type": "str"}}
    return {
        **anchore_argument_spec(),
        "images": {"type": "list", "elements": "dict", "required": True, "options": image},
        "evaluate": {"type": "bool", "default": True},
        "policy_id": {"type": "str", "default": ""},
        "vulnerabilities": {"type": "str", "choices": ["all", "os", "non-os", "none"], "default": "all"},
        "minimum_severity": {"type": "str", "choices": list(SEVERITIES), "default": "unknown"},
        "only_fixable": {"type": "bool", "default": False},
        "content": {"type": "list", "elements": "str", "default": []},
        "parallel": {"type": "int", "default": 8},
        "image_timeout": {"type": "float", "default": 120.0},
        "target": {"type": "str", "default": "images"},
    }


def _question(params: dict[str, Any]) -> Question:
    return Question(
        policy_id=params["policy_id"],
        evaluate=params["evaluate"],
        vulnerabilities="" if params["vulnerabilities"] == "none" else params["vulnerabilities"],
        severity=params["minimum_severity"],
        only_fixable=params["only_fixable"],
        content=params["content"],
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    params = module.params
    terms = {"target": params["target"], "parallel": params["parallel"], "timeout": params["image_timeout"]}
    try:
        with client_of(params) as client:
            result = ask_all(client, params["images"], _question(params), **terms)
            result["requests"] = client.requests
    except AnchoreError as exc:
        module.fail_json(msg=str(exc))
    for failed in result["failed_images"]:
        module.warn(f"There is no answer on {failed}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

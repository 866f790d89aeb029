#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit the images that run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_audit
short_description: Tell which running images were never scanned, are refused by today's policy, or were not approved
version_added: 0.4.0
description:
  - Puts what runs beside what was decided about it, by digest, and returns findings for
    M(bulkhead.container_security.audit_report).
  - What runs comes from snapshots of M(bulkhead.container_security.docker_audit) and
    M(bulkhead.container_security.k8s_audit), or is listed. What was decided comes from
    M(bulkhead.container_security.image_scan), from M(bulkhead.container_security.anchore_image_info), or from a file.
  - Asks nobody and changes nothing. Does not fail because of what it finds.
  - A name says nothing about a content, for tags move. Verdicts are found by digest, or by the id of an image that was
    never pulled from a registry.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.audit
requirements:
  - jmespath (on the target)
attributes:
  check_mode:
    support: full
    description: Works the same with and without check mode, for it never changes anything.
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: The same options give the same findings, but that evaluations grow older.
options:
  snapshots:
    description:
      - Snapshots of M(bulkhead.container_security.docker_audit) or M(bulkhead.container_security.k8s_audit), as their
        O(include_snapshot) returned them. The images of running containers and of workloads are taken from them.
    type: list
    elements: dict
    default: []
  images:
    description:
      - Images that run, where there is no snapshot, or beside those of O(snapshots).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The reference of the image, as it was run.
        type: str
        required: true
      digests:
        description: The digests that run under this name.
        type: list
        elements: str
        default: []
      used_by:
        description: Who runs it.
        type: list
        elements: str
        default: []
  evaluations:
    description:
      - Verdicts of a scanner. Each is a dictionary of C(digest) or C(image_id), C(action) (V(go), V(warn) or V(stop)),
        and as far as they are known C(reference), C(evaluated_at) and C(reasons). C(evaluation) may hold them, too.
      - C(images) in the results of M(bulkhead.container_security.image_scan) and
        M(bulkhead.container_security.anchore_image_info) has this form.
      - Of several verdicts on a content, the one under the same name counts, and then the newest.
    type: list
    elements: dict
    default: []
  evaluations_path:
    description:
      - As O(evaluations), from a JSON file on the target, a list or an object with the list C(images).
    type: path
  approved:
    description:
      - The digests that may run, a digest or a list of them for each reference. A reference without a tag stands for
        all tags of its repository.
      - With it, an image of which no digest is approved is a finding. Without it, nobody is asked for approvals.
    type: dict
  approved_path:
    description:
      - As O(approved), from a JSON file on the target.
    type: path
  max_evaluation_days:
    description:
      - How many days old an evaluation may be.
    type: int
    default: 7
  snapshot:
    description:
      - Judge these facts, as O(include_snapshot) of this module returned them.
    type: dict
  target:
    description:
      - The name of the host or cluster in findings. C({{ inventory_hostname }}) is what reports expect.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Look at the cluster
  bulkhead.container_security.k8s_audit:
    kubeconfig: ~/.kube/config
    target: production
    include_snapshot: true
  register: cluster

- name: Compare what runs with what was scanned and approved
  bulkhead.container_security.image_audit:
    target: production
    snapshots: ["{{ cluster.snapshot }}"]
    evaluations_path: reports/image-evaluations.json
    approved:
      registry.example.com/shop/web:1.4: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  register: images

- name: Report both
  bulkhead.container_security.audit_report:
    registered: [cluster, images]
    output_dir: reports
"""

RETURN = r"""
findings:
  description: What the controls say of each subject. Passes are left out unless asked for.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: Id of the control.
      type: str
      sample: image.running.policy
    references:
      description: The same matter in benchmarks. Empty, for no benchmark speaks of verdicts on images.
      type: list
      elements: dict
    title:
      description: What is wanted.
      type: str
    severity:
      description: One of V(critical), V(high), V(medium), V(low), V(info).
      type: str
    status:
      description: One of V(fail), V(pass), V(not_applicable), V(manual), V(error).
      type: str
    target:
      description: The host or cluster.
      type: str
    subject:
      description: Kind and name of what was judged.
      type: dict
      sample: {kind: image, name: registry.example.com/shop/web:1.4}
    expected:
      description: The operator and its operand.
      type: dict
    actual:
      description: What was found. Secrets are shown as fingerprints.
      type: raw
    evidence:
      description: Facts that explain it.
      type: raw
    reason:
      description: Why it is neither a pass nor a failure.
      type: str
    remediation:
      description: What to do.
      type: str
    fingerprint:
      description: Names the finding, the same in every run.
      type: str
    waiver:
      description: Always null here. M(bulkhead.container_security.audit_report) sets it.
      type: dict
    drift:
      description: Always null here. M(bulkhead.container_security.audit_report) sets it.
      type: str
summary:
  description: Counts of the findings, passes included, and of failures by severity.
  returned: success
  type: dict
  sample: {status: {pass: 40, fail: 3}, severity: {critical: 1, high: 0, medium: 2}, controls: 5}
controls:
  description:
    - Ids of the controls that judged the images, so that a report can tell what is resolved from what was not
      looked at.
  returned: success
  type: list
  elements: str
  sample: [image.running.scanned, image.running.policy]
collected_at:
  description: When the facts were collected, in UTC.
  returned: success
  type: str
  sample: '2026-01-01T00:00:00Z'
versions:
  description: Always empty here.
  returned: success
  type: dict
target:
  description: The name of the host or cluster.
  returned: success
  type: str
requests:
  description: Always 0, for nothing is asked.
  returned: success
  type: int
to_scan:
  description:
    - Every content that runs and that a registry knows, as the option C(images) of
      M(bulkhead.container_security.image_scan) takes it.
  returned: success
  type: list
  elements: dict
  sample:
    - image: registry:registry.example.com/shop/web@sha256:…
      name: registry.example.com/shop/web:1.4
      digest: sha256:…
snapshot:
  description: The facts that were judged.
  returned: when O(include_snapshot) is true
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import HAS_JMESPATH
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.options import audit_argument_spec
from ansible_collections.bulkhead.container_security.plugins.module_utils.running_images.audit import audit


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options, as documented above."""
    strings: dict[str, Any] = {"type": "list", "elements": "str", "default": []}
    dicts: dict[str, Any] = {"type": "list", "elements": "dict", "default": []}
    image = {"name": {"type": "str", "required": True}, "digests": strings, "used_by": strings}
    return {
        **audit_argument_spec(),
        "snapshots": dicts,
        "images": {**dicts, "options": image},
        "evaluations": dicts,
        "evaluations_path": {"type": "path"},
        "approved": {"type": "dict"},
        "approved_path": {"type": "path"},
        "max_evaluation_days": {"type": "int", "default": 7},
        "snapshot": {"type": "dict"},
        "target": {"type": "str", "required": True},
    }


def main() -> None:
    """Audit, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[["snapshot", "snapshot_path"], ["approved", "approved_path"]],
    )
    if not HAS_JMESPATH:
        module.fail_json(msg=missing_required_lib("jmespath"))
    try:
        result = audit(module.params)
    except ControlError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

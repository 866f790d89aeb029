#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scan images and judge them by a policy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_scan
short_description: Scan images and judge them by a policy, with or without Anchore Engine
version_added: 0.4.0
description:
  - Scans many images in one call, several at once, and judges each by a policy bundle in the form of Anchore Engine.
  - With O(engine=grype), C(syft) makes the bill of materials, C(grype) finds the vulnerabilities, and the bundle is
    judged here. With O(engine=anchore), the engine is asked for its verdict. The options, the policy file and the
    result are the same, so that a playbook does not change when the engine goes.
  - A rule that the facts do not suffice for is a row of its own (O(unjudged)), and never a pass in silence.
  - Changes nothing, and does not fail because of what it finds, nor for an image that cannot be scanned, which is a
    finding with the status C(error). Use M(bulkhead.container_security.audit_report) to let a play fail.
author:
  - Bulkhead contributors (@bulkhead-security)
requirements:
  - syft 1.0 or later and grype 0.80 or later (on the target, for O(engine=grype))
attributes:
  check_mode:
    support: full
    description: Works the same with and without check mode, for it never changes anything but O(keep_path).
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: A second run gives the same findings, unless the vulnerability database or an image changed.
options:
  images:
    description:
      - The images to scan.
    type: list
    elements: dict
    required: true
    suboptions:
      image:
        description:
          - Where the image is. V(docker:web:1.4) or just V(web:1.4) is in the Docker Engine of the target,
            V(registry:registry.example.com/shop/web:1.4) in a registry, V(docker-archive:web.tar),
            V(oci-archive:web.tar) and V(oci-dir:web) in files, V(dir:/path) is a folder.
          - With O(engine=anchore) only the name counts.
        type: str
        required: true
      name:
        description:
          - The reference to judge it by, where O(images[].image) is a file.
        type: str
      digest:
        description:
          - The digest of the manifest that the image must have. Another one is an error, and so is an image without
            one, which was in no registry.
          - With O(engine=anchore) and without it, the newest that the engine knows under this name.
        type: str
      dockerfile:
        description: The Dockerfile that it was built from, on the target. Without it, the history of the image.
        type: path
      sbom:
        description: A bill of materials of Syft (C(-o syft-json)) that is there already.
        type: path
      report:
        description:
          - A report of Grype (C(-o json)) or of Trivy (C(trivy image --format json)) that is there already. One about
            another digest is an error.
        type: path
  engine:
    description: Who scans.
    type: str
    choices: [grype, anchore]
    default: grype
  policy:
    description:
      - The policy bundle. One of O(policy) and O(policy_path) is needed for O(engine=grype).
    type: dict
  policy_path:
    description: The same, as a JSON file on the target.
    type: path
  policy_id:
    description: With O(engine=anchore), the id of the bundle to judge by. Empty means the active one.
    type: str
    default: ''
  vulnerability_findings:
    description:
      - Return each vulnerability as a finding, too. Without them the findings are the verdicts of the policy and their
        reasons, and a gate closes for what the policy stops, and not for a severity that it lets through.
    type: bool
    default: true
  unjudged:
    description: What a rule comes to that could not be judged.
    type: str
    choices: [go, warn, stop]
    default: warn
  syft:
    description: The program.
    type: str
    default: syft
  grype:
    description: The program.
    type: str
    default: grype
  database_path:
    description: The folder of Grype's vulnerability database. Empty means Grype's own.
    type: path
  update_database:
    description: Let Grype fetch a newer database. By default nothing is fetched.
    type: bool
    default: false
  max_database_age:
    description:
      - In days. A database of Grype that is older is an error. By default Grype's own limit holds, which is five days.
        Raise it where databases come by hand, and let the policy judge their age (C(stale_feed_data)).
    type: int
  ca_path:
    description: PEM file of the authority that signed the certificates of registries.
    type: path
  docker_config:
    description:
      - A folder with a C(config.json) of Docker that holds the credentials for registries. By default that of the user.
    type: path
  platform:
    description: Which platform of an image for several, such as V(linux/amd64).
    type: str
    default: ''
  keep_path:
    description: A folder for bills of materials, by digest. An image with O(images[].digest) is read once.
    type: path
  anchore:
    description:
      - Which engine to ask, for O(engine=anchore), and as whom. The options are those of the other Anchore modules.
    type: dict
    suboptions:
      url:
        description: The address of the engine's API.
        type: str
        required: true
      username:
        description: The user.
        type: str
        required: true
      password:
        description: The password of the user.
        type: str
        required: true
      account:
        description: Act for this account.
        type: str
        default: ''
      ca_path:
        description: PEM file of the authority that signed the certificate of the engine.
        type: path
      validate_certs:
        description: Verify the certificate of the engine.
        type: bool
        default: true
      timeout:
        description: Seconds to wait for each answer.
        type: float
        default: 30.0
      retries:
        description: How often a request is sent again.
        type: int
        default: 3
  parallel:
    description: How many images are scanned at once.
    type: int
    default: 4
  timeout:
    description: Seconds after which a scan is given up.
    type: float
    default: 600.0
  target:
    description: The name in findings of what is scanned.
    type: str
    default: images
seealso:
  - module: bulkhead.container_security.image_audit
  - module: bulkhead.container_security.anchore_image_info
"""

EXAMPLES = r"""
- name: Scan images without an engine
  bulkhead.container_security.image_scan:
    images:
      - image: registry:registry.example.com/shop/web:1.4
      - image: docker-archive:/srv/build/api.tar
        name: registry.example.com/shop/api:1.4
        dockerfile: /srv/build/Dockerfile
    policy_path: /etc/bulkhead/policy.json
    database_path: /var/lib/grype
    vulnerability_findings: false
  register: scan

- name: Ask the engine, by the same options
  bulkhead.container_security.image_scan:
    engine: anchore
    anchore:
      url: https://anchore.example.com:8228/v1
      username: ci
      password: "{{ anchore_password }}"
    images:
      - image: registry.example.com/shop/web:1.4
  register: engine_scan

- name: Fail where the policy refuses an image
  bulkhead.container_security.audit_report:
    registered: [scan]
    fail_on: high
"""

RETURN = r"""
images:
  description: One entry for each image, in the order of O(images).
  returned: success
  type: list
  elements: dict
  contains:
    reference:
      description: The name that it was judged by.
      type: str
      sample: registry.example.com/shop/web:1.4
    digest:
      description: The digest of its manifest, empty where it is not known.
      type: str
    image_id:
      description: The digest of its configuration, which a Docker Engine calls its id.
      returned: with O(engine=grype)
      type: str
    packages:
      description: How many packages are in it.
      returned: with O(engine=grype)
      type: int
    seconds:
      description: How long the scan took.
      returned: with O(engine=grype)
      type: float
    action:
      description: The verdict, one of V(go), V(warn), V(stop). Empty where there is none.
      type: str
    passed:
      description: Whether it may run.
      type: bool
    policy_id:
      description: The id of the bundle that decided.
      type: str
    why:
      description: What decided, V(policy_evaluation), V(whitelisted) or V(blacklisted).
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
    error:
      description: Why there is no verdict.
      type: str
    error_kind:
      description: The kind of that, such as V(timeout), V(unknown_image) or V(wrong_digest).
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
  description: When it was done, in UTC.
  returned: success
  type: str
target:
  description: The name in the findings.
  returned: success
  type: str
failed_images:
  description: The images without a verdict, and why.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.options import (
    anchore_argument_spec,
    client_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.scan import scan_by_engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import GrypeScanner
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scan import (
    ScanOptionsError,
    bundle_of,
    by_policy_alone,
    request_of,
    scan_all,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.syft import Access


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options, as documented above."""
    image = {
        "image": {"type": "str", "required": True},
        "name": {"type": "str"},
        "digest": {"type": "str"},
        "dockerfile": {"type": "path"},
        "sbom": {"type": "path"},
        "report": {"type": "path"},
    }
    return {
        "images": {"type": "list", "elements": "dict", "required": True, "options": image},
        "engine": {"type": "str", "choices": ["grype", "anchore"], "default": "grype"},
        "policy": {"type": "dict"},
        "policy_path": {"type": "path"},
        "policy_id": {"type": "str", "default": ""},
        "vulnerability_findings": {"type": "bool", "default": True},
        "unjudged": {"type": "str", "choices": ["go", "warn", "stop"], "default": "warn"},
        "syft": {"type": "str", "default": "syft"},
        "grype": {"type": "str", "default": "grype"},
        "database_path": {"type": "path"},
        "update_database": {"type": "bool", "default": False},
        "max_database_age": {"type": "int"},
        "ca_path": {"type": "path"},
        "docker_config": {"type": "path"},
        "platform": {"type": "str", "default": ""},
        "keep_path": {"type": "path"},
        "anchore": {"type": "dict", "options": anchore_argument_spec()},
        "parallel": {"type": "int", "default": 4},
        "timeout": {"type": "float", "default": 600.0},
        "target": {"type": "str", "default": "images"},
    }


def _scan(params: dict[str, Any]) -> dict[str, Any]:
    common = {"target": params["target"], "parallel": params["parallel"], "timeout": params["timeout"]}
    if params["engine"] == "anchore":
        with client_of(params["anchore"]) as client:
            return scan_by_engine(client, params["images"], params["policy_id"], **common)
    if params["policy"] is None and not params["policy_path"]:
        raise ScanOptionsError("engine: grype needs policy or policy_path, by which the images are judged")
    scanner = GrypeScanner(
        bundle_of(params["policy"], params["policy_path"]),
        syft=params["syft"],
        grype=params["grype"],
        database=params["database_path"] or "",
        update=params["update_database"],
        unjudged=params["unjudged"],
        platform=params["platform"],
        keep=Path(params["keep_path"]) if params["keep_path"] else None,
        oldest_days=params["max_database_age"],
        access=Access(params["ca_path"] or "", params["docker_config"] or ""),
    )
    return scan_all(scanner, [request_of(image) for image in params["images"]], **common)


def main() -> None:
    """Scan, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[["policy", "policy_path"]],
        required_if=[["engine", "anchore", ["anchore"]]],
    )
    try:
        result = _scan(module.params)
    except (ScanOptionsError, AnchoreError) as exc:
        module.fail_json(msg=str(exc))
    if not module.params["vulnerability_findings"]:
        result = by_policy_alone(result)
    for failed in result["failed_images"]:
        module.warn(f"There is no verdict on {failed}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import the reports of other tools."""

from __future__ import annotations

DOCUMENTATION = r"""
module: findings_import
short_description: Take the reports of scanners and benchmarks for findings
version_added: 0.4.0
description:
  - Reads what other tools have reported, and returns it as findings for
    M(bulkhead.container_security.audit_report), where waivers, drift and the gate are the same for all.
  - A report is read piece by piece, so that its size does not matter, and with O(output) neither does the number of
    findings. Files that are packed with gzip, bzip2 or xz are unpacked.
  - A known vulnerability is the same finding whichever scanner told of it. It is identified by target, image,
    vulnerability and package.
  - Does not fail because of what it finds. A report that cannot be read completely fails the task.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    description: O(output) is not written. Whether it would change is told.
  diff_mode:
    support: none
    description: Findings are compared by M(bulkhead.container_security.audit_report).
  idempotent:
    support: full
    description: The same reports give the same findings and the same file, which is not written again.
  platform:
    platforms: posix
    support: full
options:
  reports:
    description: What to import.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The file on the target.
        type: path
        required: true
      format:
        description:
          - What wrote it. V(auto) finds out by the content, and says so where it cannot.
        type: str
        choices: [auto, anchore_vulnerabilities, anchore_evaluation, clair, docker_bench, grype, hadolint, kube_bench,
          kubescape, openscap, sarif, trivy, trivy_k8s, vuls]
        default: auto
      target:
        description:
          - The name of the host or cluster in findings, instead of O(target).
        type: str
      artifact:
        description:
          - The name of what was scanned, where the report does not tell it or tells another one, such as the reference
            of an image that was scanned as an archive.
        type: str
      ignore_errors:
        description:
          - Whether to go on where this report cannot be read. It is then a finding of status C(error) itself, and
            nothing else is taken from it.
        type: bool
        default: false
  target:
    description:
      - The name of the host or cluster in findings.
      - Without it, the name that a report gives of itself. Of scanners of images that is the image.
      - Two reports with one target and one kind of findings have to be imported together, or the findings of the one
        that is missing are taken for resolved.
    type: str
  minimum_severity:
    description:
      - Leave out what is less severe. It is counted in RV(results).
    type: str
    choices: [info, low, medium, high, critical]
    default: info
  only_fixable:
    description:
      - Leave out vulnerabilities for which there is no fix.
    type: bool
    default: false
  include_passes:
    description:
      - Return the findings that are a pass, too.
    type: bool
    default: false
  limit:
    description:
      - How many findings of a report are returned at most. The most severe stay, and a finding of status C(error) says
        that there were more. Nothing is left out of O(output).
    type: int
    default: 10000
  output:
    description:
      - A JSON file for the findings, with mode 0600, for O(bulkhead.container_security.audit_report#module:sources).
        The findings are then not returned. Its folder must be there.
    type: path
  max_size_mb:
    description:
      - How many MiB a report may have, unpacked.
    type: int
    default: 2048
seealso:
  - module: bulkhead.container_security.audit_report
"""

EXAMPLES = r"""
- name: Import what a pipeline has reported
  bulkhead.container_security.findings_import:
    reports:
      - path: reports/web.grype.json
      - path: reports/db.grype.json.gz
        artifact: registry.example.com/shop/db:1.4
  register: imported

- name: Report, and fail on what is critical
  bulkhead.container_security.audit_report:
    registered: [imported]
    output_dir: reports
    fail_on: critical
"""

RETURN = r"""
results:
  description: What each report gave, in the order of O(reports), in the form of the results of audit modules.
  returned: success
  type: list
  elements: dict
  contains:
    findings:
      description: The findings. Empty where O(output) is given.
      type: list
      elements: dict
      sample:
        - control: image.vulnerability
          severity: high
          status: fail
          target: docker.io/library/nginx:1.25
          subject: {kind: image, name: "docker.io/library/nginx:1.25", container: CVE-2024-0001 openssl}
          expected: {at_least: 3.0.2}
          actual: 3.0.1
    target:
      description: The host or cluster, or what was scanned.
      type: str
    path:
      description: The file.
      type: str
    format:
      description: Its format.
      type: str
      sample: grype
    tool:
      description: The tool that wrote it.
      type: str
      sample: grype
    version:
      description: The version of the tool, where the report tells it.
      type: str
      sample: 0.74.0
    versions:
      description: The same, as other audits return it.
      type: dict
      sample: {grype: 0.74.0}
    collected_at:
      description: When the report was made, in UTC. Where it does not tell, when its file was written.
      type: str
      sample: '2026-01-01T00:00:00Z'
    controls:
      description: What the tool looked at, so that a report can tell what is resolved from what was not looked at.
      type: list
      elements: str
      sample: [image.vulnerability]
    summary:
      description: Counts of the findings, passes included, and of failures by severity.
      type: dict
    left_out:
      description:
        - How many findings are left out because of O(minimum_severity) (C(below_severity)), O(only_fixable)
          (C(not_fixable)) and O(limit) (C(over_limit)), and how many were told more than once (C(repeated)).
      type: dict
      sample: {below_severity: 120, repeated: 4}
    failed_because:
      description: Why the report could not be read.
      returned: when it could not, and O(reports[].ignore_errors) is true
      type: str
summary:
  description: Counts over all reports.
  returned: success
  type: dict
  sample: {status: {fail: 14, pass: 80}, severity: {critical: 1, high: 13}, reports: 2, failed: 0}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.run import argument_spec, run


def main() -> None:
    """Import, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        result = run(module.params, check=module.check_mode, folder=module.tmpdir)
    except ImportFault as exc:
        module.fail_json(msg=str(exc))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()

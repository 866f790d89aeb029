#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluate hosts, containers and other roots with OpenSCAP."""

from __future__ import annotations

DOCUMENTATION = r"""
module: openscap_scan
short_description: Evaluate a host, or the roots of its containers, with OpenSCAP
version_added: 0.4.0
description:
  - Runs C(oscap) with SCAP content that is on the target, and returns the results as findings for
    M(bulkhead.container_security.audit_report).
  - A container is looked at from outside, by the files of its root on the host. Nothing runs in it. C(oscap) is kept
    apart from the host while it does so, for it would follow a link in the container to a file of the host.
  - Changes nothing on the system, and does not fail because of what it finds. Content that is for another system gives
    a finding of status C(error), and not a good result. So does a container or another root whose evaluation does not
    come to its end.
author:
  - Bulkhead contributors (@bulkhead-security)
attributes:
  check_mode:
    support: full
    description: Evaluates as well. Nothing is written to O(reports_dir).
  diff_mode:
    support: none
    description: Findings are compared by M(bulkhead.container_security.audit_report).
  idempotent:
    support: partial
    details:
      - Reports in O(reports_dir) carry the time of the evaluation, and are written anew by each run.
    description: Without O(reports_dir), nothing is changed.
options:
  contents:
    description: The content. Each is evaluated on each subject.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The file on the target, an XCCDF checklist or a source data stream.
        type: path
        required: true
      profile:
        description:
          - The profile, by its id, or by what comes after C(_profile_) in it. With O(contents[].tailoring_file) by its
            id. Without it, the rules that the content itself selects.
        type: str
      cpe:
        description: A file with a CPE dictionary that tells to which systems the content applies.
        type: path
      tailoring_file:
        description: A file with an XCCDF tailoring.
        type: path
      rules:
        description: Evaluate these rules alone, by their ids.
        type: list
        elements: str
        default: []
      skip_rules:
        description: Leave out these rules, by their ids.
        type: list
        elements: str
        default: []
  host:
    description: Whether the target itself is evaluated.
    type: bool
    default: true
  containers:
    description:
      - Running containers, by their names, ids, or patterns of names such as V(web-*). It is an error if there is none.
      - Their storage driver must be C(overlay2).
    type: list
    elements: str
    default: []
  docker_host:
    description: The socket of the engine that runs the containers.
    type: str
    default: unix:///var/run/docker.sock
  roots:
    description: Other roots on the target, such as an unpacked image.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The folder.
        type: path
        required: true
      name:
        description: Its name in findings. Without it, the path.
        type: str
  reports_dir:
    description: A folder on the target for the reports of C(oscap), with mode 0600.
    type: path
  report_formats:
    description:
      - Which reports. V(xccdf) are the results, V(arf) has beside them all that was read of the system, and V(html) is
        for people.
    type: list
    elements: str
    choices: [xccdf, arf, html]
    default: [xccdf, html]
  fetch_remote_resources:
    description: Whether C(oscap) may fetch parts of the content from the internet. For the host alone.
    type: bool
    default: false
  program:
    description: The program.
    type: str
    default: oscap
  timeout:
    description: Seconds that one evaluation may take.
    type: float
    default: 900.0
  target:
    description: The name of the host in findings. Without it, the name that C(oscap) finds.
    type: str
  minimum_severity:
    description: Leave out what is less severe.
    type: str
    choices: [info, low, medium, high, critical]
    default: info
  include_passes:
    description: Return the findings that are a pass, too.
    type: bool
    default: false
  limit:
    description: How many findings of an evaluation are returned at most. The most severe stay.
    type: int
    default: 10000
notes:
  - Roots need root (C(become)) on the target, and C(unshare), C(mount) and C(chroot) there.
  - Scripts (SCE) of content are run on the host, whatever root is looked at. Give content that you trust.
seealso:
  - module: bulkhead.container_security.findings_import
  - module: bulkhead.container_security.docker_audit
"""

EXAMPLES = r"""
- name: Evaluate a host, and its web containers
  bulkhead.container_security.openscap_scan:
    target: "{{ inventory_hostname }}"
    contents:
      - path: /usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml
        profile: anssi_np_nt28_average
    containers: [web-*]
  become: true
  register: openscap

- name: Report
  bulkhead.container_security.audit_report:
    registered: [openscap]
    output_dir: reports
"""

RETURN = r"""
results:
  description: What each evaluation gave, in the form of the results of audit modules.
  returned: success
  type: list
  elements: dict
  contains:
    findings:
      description: The findings, as M(bulkhead.container_security.findings_import) returns them.
      type: list
      elements: dict
    target:
      description: The host.
      type: str
    subject:
      description: What was looked at, of the kind C(host), C(container) or C(root).
      type: dict
      sample: {kind: container, name: web}
    content:
      description: The content.
      type: str
      sample: docker-host
    reports:
      description: The reports of C(oscap) on the target.
      type: list
      elements: str
    controls:
      description: What was looked at, so that a report can tell what is resolved from what was not looked at.
      type: list
      elements: str
    version:
      description: The version of OpenSCAP.
      type: str
      sample: 1.3.7
    collected_at:
      description: When it was evaluated, in UTC.
      type: str
      sample: '2026-01-01T00:00:00Z'
    summary:
      description: Counts of the findings, passes included, and of failures by severity.
      type: dict
    warning:
      description: What makes the result one that says little, or nothing.
      type: str
summary:
  description: Counts over all evaluations.
  returned: success
  type: dict
  sample: {status: {fail: 14, pass: 80}, severity: {high: 1, medium: 13}, evaluations: 2}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.scan import REPORTS, scan


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options, as documented above."""
    texts: dict[str, Any] = {"type": "list", "elements": "str", "default": []}
    content: dict[str, Any] = {
        "path": {"type": "path", "required": True},
        "profile": {"type": "str"},
        "cpe": {"type": "path"},
        "tailoring_file": {"type": "path"},
        "rules": texts,
        "skip_rules": texts,
    }
    root = {"path": {"type": "path", "required": True}, "name": {"type": "str"}}
    return {
        "contents": {"type": "list", "elements": "dict", "required": True, "options": content},
        "host": {"type": "bool", "default": True},
        "containers": texts,
        "docker_host": {"type": "str", "default": "unix:///var/run/docker.sock"},
        "roots": {"type": "list", "elements": "dict", "default": [], "options": root},
        "reports_dir": {"type": "path"},
        "report_formats": {**texts, "choices": list(REPORTS), "default": ["xccdf", "html"]},
        "fetch_remote_resources": {"type": "bool", "default": False},
        "program": {"type": "str", "default": "oscap"},
        "timeout": {"type": "float", "default": 900.0},
        "target": {"type": "str"},
        "minimum_severity": {
            "type": "str",
            "choices": ["info", "low", "medium", "high", "critical"],
            "default": "info",
        },
        "include_passes": {"type": "bool", "default": False},
        "limit": {"type": "int", "default": 10000},
    }


def main() -> None:
    """Evaluate, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        result = scan(module.params, check=module.check_mode, folder=module.tmpdir)
    except (OpenscapError, DockerError, ImportFault) as exc:
        module.fail_json(msg=str(exc))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_report
short_description: Merge the findings of many hosts into one report
version_added: 0.1.0
description:
  - Merges the findings that audit modules registered on the hosts of a play, applies waivers, compares with
    the previous report, decides whether the gate closes, and writes the report in as many formats as are asked for.
  - It runs once, on the controller, and needs no connection to any host.
  - A host that should have been audited and has no result is in the report with an C(error), never left out in
    silence.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  become:
    support: none
  bypass_host_loop:
    support: full
  check_mode:
    support: full
    details: Nothing is written. The gate is evaluated, and RV(files) says what would be written and whether it
      would change.
  connection:
    support: none
  delegation:
    support: none
    details: It always runs on the controller.
  diff_mode:
    support: full
    details: Shows the findings that appeared since the previous report, and those that are resolved.
  idempotent:
    description: When run twice in a row, the second run reports no change, and the files differ in their times only.
    support: partial
    details:
      - The same findings and waivers, reported a second time, do not count as a change. The files are written
        all the same, with the new times, so that whatever watches them sees that the audit still runs.
      - The second report knows a previous one and the first did not, so it is the third that equals the second.
  platform:
    platforms: all
options:
  registered:
    description:
      - Names of the variables in which the hosts registered the results of their audits.
      - Used where none of O(results), O(findings) and O(sources) is given, and where O(hosts) is.
    type: list
    elements: str
    default: [bulkhead_docker_audit]
  hosts:
    description:
      - The hosts that should have been audited.
      - Without it, all hosts of the play, those that failed or were unreachable included. A report in a play
        of its own, such as one on C(localhost), has to name them, for example with C(groups['docker']).
    type: list
    elements: str
  results:
    description:
      - Results of audit modules, as a dictionary from host to result, or as a list of results that name their
        C(target).
    type: raw
  findings:
    description:
      - Findings without the result around them.
    type: raw
  findings_complete:
    description:
      - Whether O(findings), and lists of findings in O(sources), are all there is to say of their targets.
      - If so, a finding of the previous report that is not among them is resolved. If not, only a verdict on
        the same control resolves it, because a control that was not looked at proves nothing.
    type: bool
    default: false
  sources:
    description:
      - JSON files on the controller with findings, results or reports of this module, or what
        M(bulkhead.container_security.findings_import) has written. The last part of a path may be a glob.
      - The waivers in a stored report are not taken over, they are judged anew.
    type: list
    elements: path
  waivers:
    description:
      - Accepted findings. Each item is the path of a YAML file, of a directory of such files, or a waiver itself.
      - A relative path is looked for as the files of a role or a playbook are, and then where Ansible was
        started. Files may be encrypted with Ansible Vault.
      - A waiver has C(id), C(control), C(owner), C(reason), C(expires) (the last day on which it holds), and
        may have C(target) and C(subject) with patterns for C(kind), C(namespace), C(name) and C(container).
      - One that would match everything is refused unless it says C(everything=true).
      - An expired waiver waives nothing. It is itself reported, and so is one that matches no finding.
    type: list
    elements: raw
  waiver_notice_days:
    description:
      - How many days before its end a waiver is marked as expiring.
    type: int
    default: 30
  drift:
    description:
      - Whether to compare with the previous report.
    type: bool
    default: true
  previous:
    description:
      - The JSON report to compare with. Without it, the JSON report that this task is about to replace.
      - Where there is no such file yet, nothing is compared, and no finding counts as new.
    type: path
  history_days:
    description:
      - For how many days a resolved finding is remembered, and with it that its return is a regression. As
        long is a finding carried along that nobody checked again.
    type: int
    default: 365
  output_dir:
    description:
      - The directory for the files of O(formats), made if missing. A relative path, here and in the
        other options, starts where Ansible was started.
    type: path
  formats:
    description:
      - What to write into O(output_dir).
    type: list
    elements: str
    choices: [json, sarif, junit, html, markdown, prometheus, oscal]
    default: [json, html]
  basename:
    description:
      - How the files in O(output_dir) are named, without the ending that their format gives them.
    type: str
    default: audit-report
  outputs:
    description:
      - Files at other places, as a dictionary from format to path, or to a dictionary with C(path) and C(mode).
      - A format named here is not written to O(output_dir) as well.
    type: dict
  mode:
    description:
      - The mode of the files, in quotes. Reports tell an attacker where to begin, so the default is C("0640").
        Prometheus text, which holds counts only and is read by another user, is C("0644").
    type: raw
  fail_on:
    description:
      - The task fails when findings fail at this severity or a worse one. Several severities mean just those.
      - One of V(critical), V(high), V(medium), V(low), V(info) and V(never). Waived findings do not count.
    type: list
    elements: str
    default: [never]
  fail_on_new:
    description:
      - The same for findings that are new or regressed since the previous report.
    type: list
    elements: str
    default: [never]
  fail_on_error:
    description:
      - Whether the task fails when a control could not be evaluated, or a host was not audited.
    type: bool
    default: false
  enforce:
    description:
      - Whether a closed gate fails the task. If not, it is only said in RV(gate).
      - Ansible drops the statistics of a task that fails. To have both, set this to V(false) and fail in a
        task that follows.
    type: bool
    default: true
  title:
    description:
      - The title of the report.
    type: str
    default: Security audit
  show_table:
    description:
      - Whether to print a short table. Nothing is printed under C(no_log), or when the output of Ansible is JSON.
    type: bool
    default: true
  stats_name:
    description:
      - The name under which a small summary is set as M(ansible.builtin.set_stats) does, for AWX. Empty for none.
    type: str
    default: bulkhead_audit
seealso:
  - module: bulkhead.container_security.docker_audit
  - module: bulkhead.container_security.findings_import
"""

EXAMPLES = r"""
- name: Audit all Docker hosts
  hosts: docker
  tasks:
    - name: Audit
      bulkhead.container_security.docker_audit:
      register: bulkhead_docker_audit

    - name: Report, and fail on what is critical or has become worse
      bulkhead.container_security.audit_report:
        output_dir: /var/lib/bulkhead/report
        formats: [json, html, sarif]
        waivers: [waivers.yml]
        fail_on: critical
        fail_on_new: high
      run_once: true

- name: Report in a play of its own, where unreachable hosts cannot stop it
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Report
      bulkhead.container_security.audit_report:
        hosts: "{{ groups['docker'] }}"
        output_dir: report
        outputs:
          prometheus: /var/lib/node_exporter/textfile/bulkhead.prom
        fail_on: critical
        enforce: false
      register: report

    - name: Fail after the summary has reached AWX
      ansible.builtin.assert:
        that: not report.gate.failed
        fail_msg: "{{ report.msg }}"

- name: Report once on all slices of a job
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Report
      bulkhead.container_security.audit_report:
        sources: [slices/*.json]
        output_dir: report
"""

RETURN = r"""
msg:
  description: The result in a sentence.
  returned: always
  type: str
  sample: 12 failing (2 critical, 10 medium) on 3 hosts; 1 new, 0 regressed, 4 resolved.
summary:
  description: Counts by status, and by severity of what fails; the number of targets; passes in percent of
    passes and failures.
  returned: success or closed gate
  type: dict
  sample:
    status: {pass: 310, fail: 12, waived: 3, not_applicable: 20, manual: 6, error: 0}
    severity: {critical: 2, high: 0, medium: 10, low: 0, info: 0}
    targets: 3
    not_audited: 0
    score: 96.3
drift:
  description: Counts since the previous report, V(none) where there is none.
  returned: success or closed gate
  type: dict
  sample: {since: "2030-01-01T04:00:00Z", new: 1, regressed: 0, persisting: 11, resolved: 4, unchecked: 0}
gate:
  description: Whether the gate is closed, why, and on what terms.
  returned: success or closed gate
  type: dict
  sample:
    failed: true
    reasons: ["2 critical failing (fail_on: critical)"]
    fail_on: [critical]
    fail_on_new: []
    fail_on_error: false
files:
  description: The files written, and whether more than the times in them changed.
  returned: success or closed gate
  type: list
  elements: dict
  sample:
    - {format: json, path: /var/lib/bulkhead/report/audit-report.json, changed: true}
"""

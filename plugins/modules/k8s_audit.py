#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit one Kubernetes cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_audit
short_description: Audit a Kubernetes cluster, its workloads, images, Secrets, access and control plane
version_added: 0.2.0
description:
  - Judges a Kubernetes cluster by the controls of the CIS Kubernetes Benchmark (1.12.0 and 1.6.0) and by many that the
    benchmark does not have.
  - Reads the API of the cluster, and nothing of a Secret but its metadata and the number of its items. Changes nothing.
  - Does not fail because of what it finds. Use M(bulkhead.container_security.audit_report) to let a play fail.
  - A kind of objects that may not be read makes the controls about it V(error), with the reason. All others go on.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
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
    description: A second run gives the same findings, unless the cluster changed meanwhile.
options:
  benchmark:
    description:
      - Judge only by the controls of this benchmark. Without it every control is used.
    type: str
    choices: [cis-kubernetes]
  benchmark_version:
    description:
      - The version of O(benchmark). Implies it.
    type: str
    choices: ['1.6.0', '1.12.0']
  snapshot:
    description:
      - Judge these facts, as O(include_snapshot) returned them, and do not speak to the cluster at all.
    type: dict
  target:
    description:
      - The name of the cluster in findings. C({{ inventory_hostname }}) is what reports expect.
      - Without it, the address of the API server.
    type: str
  namespaces:
    description:
      - Audit objects of these namespaces alone. Without it, of all.
      - Each is listed by itself, so that the permission to read these namespaces is enough.
    type: list
    elements: str
    default: []
  exclude_namespaces:
    description:
      - Leave objects of these namespaces out. V(*) stands for any text, as in V(kube-*).
    type: list
    elements: str
    default: []
  audit_log:
    description:
      - Files on the target with a log of the API server's audit, a line of JSON an event, packed (V(.gz)) or not.
      - With it, grants that the log never shows are findings of C(k8s.rbac.unused_grants). They are as good as the log,
        which needs the level C(Metadata) for every request, and a window that holds the rare jobs too.
    type: list
    elements: path
    default: []
  allowed_registries:
    description:
      - Registries that images may come from, as C(host[:port]) or C(host[:port]/repository). Images of Docker Hub are
        in V(docker.io), the official ones in V(docker.io/library).
      - Without it, nobody can tell, and the control is V(manual).
    type: list
    elements: str
    default: []
  certificate_days:
    description:
      - For how many days a certificate must hold from now on.
    type: int
    default: 30
  control_plane:
    description:
      - The target is a host of the cluster's control plane, or one of its nodes. Read the command lines, files and
        owners of files of the components that run there, too. It needs root for that (C(become)).
      - Only components of the cluster that is audited are looked at.
    type: bool
    default: false
  kubelet_configz:
    description:
      - Read the configuration of each kubelet from its C(/configz), through C(nodes/proxy) of the API server.
      - That permission opens much more than the configuration. Without this option the controls about kubelets are
        V(manual).
    type: bool
    default: false
  later_version:
    description:
      - The version of Kubernetes, as in V(1.33), at which workloads are judged beside that of the cluster, to tell
        what an upgrade will refuse.
    type: str
    default: latest
  token_secret_max_age_days:
    description:
      - How old a Secret with the token of a ServiceAccount may be, in days.
    type: int
    default: 90
"""

EXAMPLES = r"""
- name: Audit a cluster
  bulkhead.container_security.k8s_audit:
    kubeconfig: ~/.kube/config
    context: production
    target: "{{ inventory_hostname }}"
    allowed_registries: [registry.example.com]
  register: audit

- name: Audit two namespaces by section 5 of CIS Kubernetes 1.12.0
  bulkhead.container_security.k8s_audit:
    benchmark_version: 1.12.0
    sections: ['5']
    namespaces: [shop, payment]

- name: Change what is expected, and add a control
  bulkhead.container_security.k8s_audit:
    exclude_namespaces: [kube-*]
    overrides:
      k8s.workload.cpu_limit:
        enabled: false
      k8s.image.digest:
        severity: high
    controls:
      - id: example.namespace.owner
        title: Namespace names its owner
        scope: namespace
        severity: low
        actual: labels.owner
        expected: {present: true}
        remediation: Label the namespace with its owner.

- name: Judge yesterday's facts again
  bulkhead.container_security.k8s_audit:
    snapshot_path: /var/lib/audit/k8s-snapshot.json
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
      sample: k8s.workload.secret_env
    references:
      description: The same matter in benchmarks.
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
      description: The audited cluster.
      type: str
    subject:
      description: Kind and name of what was judged.
      type: dict
      sample: {kind: Deployment, name: web, namespace: shop}
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
  sample: {status: {pass: 210, fail: 3}, severity: {critical: 1, high: 0, medium: 2}, controls: 124}
controls:
  description:
    - Ids of the controls that judged the cluster, so that a report can tell what is resolved from what was not
      looked at.
  returned: success
  type: list
  elements: str
  sample: [k8s.image.digest, k8s.secret.unused]
collected_at:
  description: When the facts were collected, in UTC.
  returned: success
  type: str
  sample: '2026-01-01T00:00:00Z'
versions:
  description: The version of the API server.
  returned: success
  type: dict
target:
  description: The name of the audited cluster.
  returned: success
  type: str
requests:
  description: How many requests were made to the API server.
  returned: success
  type: int
snapshot:
  description: The facts that were judged.
  returned: when O(include_snapshot) is true
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import HAS_JMESPATH
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.options import audit_argument_spec
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.audit import audit
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


def argument_spec() -> dict[str, dict[str, object]]:
    """The module's options, as documented above."""
    strings: dict[str, object] = {"type": "list", "elements": "str", "default": []}
    return {
        **connection_argument_spec(),
        **audit_argument_spec(),
        "benchmark": {"type": "str", "choices": ["cis-kubernetes"]},
        "benchmark_version": {"type": "str", "choices": ["1.6.0", "1.12.0"]},
        "snapshot": {"type": "dict"},
        "target": {"type": "str"},
        "namespaces": strings,
        "exclude_namespaces": strings,
        "audit_log": {"type": "list", "elements": "path", "default": []},
        "allowed_registries": strings,
        "certificate_days": {"type": "int", "default": 30},
        "control_plane": {"type": "bool", "default": False},
        "kubelet_configz": {"type": "bool", "default": False},
        "later_version": {"type": "str", "default": "latest"},
        "token_secret_max_age_days": {"type": "int", "default": 90, "no_log": False},
    }


def main() -> None:
    """Audit, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[["snapshot", "snapshot_path"], *MUTUALLY_EXCLUSIVE],
        required_together=REQUIRED_TOGETHER,
    )
    if not HAS_JMESPATH:
        module.fail_json(msg=missing_required_lib("jmespath"))
    if not (module.params["snapshot"] or module.params["snapshot_path"]):
        require_kubernetes(module)
    try:
        result = audit(module.params)
    except (ControlError, K8sError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

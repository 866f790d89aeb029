#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_pod_security_info
short_description: Who would be denied at a level of the Pod Security Standards
version_added: 0.2.0
description:
  - Judges the workloads of a cluster, or of manifests, by the Pod Security Standards as Kubernetes' own admission does,
    at any version from 1.0 on, whatever the version of the cluster. Tells which would be denied, by which control, in
    which container and field.
  - Tells for each namespace which level it could be labelled with today, and what to mend for a stricter one.
  - With O(rules), judges by rules that labels cannot say, too, such as registries, digests and limits.
  - What makes pods is judged by its template. Pods that exist are judged as well, for webhooks may have changed them,
    and told of where they fail something that their owner's template does not. Equal pods are judged once.
author: Bulkhead contributors (@bulkhead-security)
options:
  level:
    description: The level that workloads are to satisfy.
    type: str
    choices: [privileged, baseline, restricted]
    default: restricted
  version:
    description:
      - The version of the standards, as V(1.27), V(v1.27) or V(latest).
      - Without it, that of the cluster, and for manifests V(latest).
      - Quote it. C(1.30) without quotes is V(1.3), and that is another version. A V(1.1), V(1.2) or V(1.3) without a
        C(v) before it is warned of.
    type: str
  src:
    description:
      - Judge the manifests in these files on the target, of YAML or JSON with any number of documents, or in these
        folders, and do not speak to a cluster.
      - Of a folder, the files that end in C(.yaml), C(.yml) or C(.json) are read, those of folders inside it are not.
    type: list
    elements: path
  definitions:
    description:
      - Judge these objects and do not speak to a cluster. A list of objects, or of texts of YAML with any number of
        documents.
      - Objects of other kinds are passed over. Custom resources with a pod template in C(spec.template) are judged.
    type: raw
  namespaces:
    description:
      - Look at these namespaces alone. Without any, at all.
      - Each is listed by itself, so that the permission to read these namespaces is enough.
    type: list
    elements: str
    default: []
  exclude_namespaces:
    description: Leave these namespaces out. V(*) stands for any text, as in V(kube-*).
    type: list
    elements: str
    default: []
  namespace_selector:
    description: Look at namespaces with these labels alone, as in V(team=shop,stage!=test). Of a cluster only.
    type: str
  rules:
    description: Rules beside the level. Those that are left out ask for nothing.
    type: dict
    default: {}
    suboptions:
      allowed_registries:
        description:
          - Registries or repositories that images may come from, as V(registry.example.com) or V(docker.io/library).
        type: list
        elements: str
      require_digest:
        description: Images must be named by their digest.
        type: bool
      forbid_latest:
        description: Images must have a tag other than C(latest), or a digest.
        type: bool
      read_only_root_filesystem:
        description: The root file system of every container must be read-only.
        type: bool
      required_limits:
        description: Resources that every container, or the pod as a whole, must have a limit of, as V(memory).
        type: list
        elements: str
      run_as_user:
        description: Users that containers may run as. See O(rules.run_as_group).
        type: dict
      run_as_group:
        description:
          - Groups that containers may run as. C(ranges) is a list of C(min) and C(max), C(rule) is V(MustRunAs) where
            one has to be named, and V(MayRunAs) where it need not be.
        type: dict
      fs_group:
        description: Groups that volumes may belong to. See O(rules.run_as_group).
        type: dict
      supplemental_groups:
        description: Groups that processes may have beside their own. See O(rules.run_as_group).
        type: dict
  exempt_runtime_classes:
    description: Pods of these runtime classes are exempt from the level, as in the configuration of the admission.
    type: list
    elements: str
    default: []
  include_admitted:
    description: Return the workloads that would be admitted, too.
    type: bool
    default: false
extends_documentation_fragment:
  - bulkhead.container_security.k8s
attributes:
  check_mode:
    description: Nothing is ever changed.
    support: full
  diff_mode:
    description: Nothing is ever changed, so there is no difference to show.
    support: N/A
  idempotent:
    description: Nothing is ever changed.
    support: full
"""

EXAMPLES = r"""
- name: Who would be denied at level restricted of the cluster's version?
  bulkhead.container_security.k8s_pod_security_info:
    exclude_namespaces: [kube-*]
  register: pod_security

- name: Say what each namespace could be labelled
  ansible.builtin.debug:
    msg: "{{ pod_security.namespaces | map(attribute='suggestion') }}"

- name: Refuse manifests that would be denied after the next upgrade
  bulkhead.container_security.k8s_pod_security_info:
    src: [deploy/]
    level: baseline
    version: "1.37"
    rules:
      allowed_registries: [registry.example.com]
      forbid_latest: true
      required_limits: [memory]
  register: manifests
  failed_when: manifests.summary.denied > 0
"""

RETURN = r"""
workloads:
  description: What would be denied, and with O(include_admitted) what would be admitted.
  returned: success
  type: list
  elements: dict
  contains:
    kind: {description: 'The kind of what makes pods, or V(Pod).', type: str, returned: always}
    namespace: {description: Its namespace., type: str, returned: always}
    name: {description: Its name. Of pods that are alike it is the first one's., type: str, returned: always}
    owner: {description: 'Of a pod, what made it, as in C(Deployment/web).', type: str, returned: always}
    level: {description: The strictest level that admits it., type: str, returned: always}
    denied: {description: Whether it would be denied., type: bool, returned: always}
    violations:
      description: What it fails. C(level) is V(rule) for O(rules).
      type: list
      elements: dict
      returned: always
      sample:
        - control: privileged
          level: baseline
          message: 'container "web": securityContext.privileged must be false'
          containers: [web]
          fields: ['spec.containers[0].securityContext.privileged']
    pods: {description: How many pods there are of it now., type: int, returned: always}
    names: {description: The names of pods that are alike., type: list, returned: when there are several}
namespaces:
  description: What each namespace could be labelled.
  returned: success
  type: list
  elements: dict
  contains:
    namespace: {description: The name., type: str, returned: always}
    enforce:
      description: The level that it enforces now. Null where its labels are not known.
      type: str
      returned: always
    level: {description: The strictest level that admits all that is there., type: str, returned: always}
    workloads: {description: How many there are., type: int, returned: always}
    in_the_way: {description: What stands in the way of V(baseline) and of V(restricted)., type: dict, returned: always}
    suggested_labels:
      description: Labels that deny nothing that is there, and warn of what stands in the way of V(restricted).
      type: dict
      returned: always
    suggestion:
      description: The same in a sentence.
      type: str
      returned: always
      sample: shop can be labelled baseline today, restricted after mending Deployment/web
summary:
  description: Counts of workloads, of those denied, by the level they satisfy, and by the controls that deny them.
  returned: success
  type: dict
  sample: {workloads: 12, denied: 2, levels: {privileged: 1, baseline: 1, restricted: 10}, controls: {runAsNonRoot: 2}}
level:
  description: The level that was judged by.
  returned: success
  type: str
version:
  description: The version that was judged by.
  returned: success
  type: str
errors:
  description: What could not be read of the cluster. Each is a warning as well.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discreet_module import DiscreetModule
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.info import (
    info_of_cluster,
    info_of_files,
    reads_files,
)

# What YAML makes of 1.10, 1.20 and 1.30 without quotes.
_CUT_SHORT = ("1.1", "1.2", "1.3")


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    names = {"type": "list", "elements": "str"}
    switches = ("require_digest", "forbid_latest", "read_only_root_filesystem")
    strategies = ("run_as_user", "run_as_group", "fs_group", "supplemental_groups")
    rules: dict[str, dict[str, Any]] = {
        "allowed_registries": dict(names),
        "required_limits": dict(names),
        **{name: {"type": "bool"} for name in switches},
        **{name: {"type": "dict"} for name in strategies},
    }
    return {
        **connection_argument_spec(),
        "level": {"type": "str", "choices": ["privileged", "baseline", "restricted"], "default": "restricted"},
        "version": {"type": "str"},
        "src": {"type": "list", "elements": "path"},
        "definitions": {"type": "raw"},
        "namespaces": {**names, "default": []},
        "exclude_namespaces": {**names, "default": []},
        "namespace_selector": {"type": "str"},
        "rules": {"type": "dict", "default": {}, "options": rules},
        "exempt_runtime_classes": {**names, "default": []},
        "include_admitted": {"type": "bool", "default": False},
    }


def main() -> None:
    """Judge, and tell."""
    module = DiscreetModule(  # type: ignore[no-untyped-call]
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[
            ["src", "namespace_selector"],
            ["definitions", "namespace_selector"],
            *MUTUALLY_EXCLUSIVE,
        ],
        required_together=REQUIRED_TOGETHER,
    )
    require_kubernetes(module)
    try:
        result = answer(module.params)
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    if module.params["version"] in _CUT_SHORT:
        module.warn(f"Judged by version {module.params['version']}. If a later one was meant, such as 1.30, quote it.")
    for sentence in result["errors"]:
        module.warn(f"Not all could be judged: {sentence}")
    module.exit_json(changed=False, **result)


def answer(params: dict[str, Any]) -> dict[str, Any]:
    """The result for files, or for the cluster. Raises K8sError."""
    if reads_files(params):
        return info_of_files(params)
    cluster = connect(params)
    try:
        return info_of_cluster(params, cluster)
    finally:
        cluster.close()


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_applyset
short_description: Apply a set of Kubernetes objects as one unit, and prune what left it
version_added: 0.2.0
description:
  - Applies many objects in one call by server-side apply. What is as declared already is told from the live object
    and from who owns its fields, so that a run that changes nothing sends no write.
  - Remembers what belongs to the set as the ApplySet convention of Kubernetes says (KEP-3659), with a parent object
    and a label on each member. What left the set is deleted, and only that.
  - Makes objects in the order that they need each other in. Namespaces come first, then custom resource definitions,
    whose kinds it waits for, and webhooks come last.
  - With C(--check --diff) it is the drift report, field by field, with who set each field and when.
  - Everything that can be is checked before the first write. A conflict with another field manager, an object of
    another set or a kind that is not there leaves the cluster as it was.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
options:
  name:
    description: Name of the parent object, which stands for the set.
    type: str
    required: true
  namespace:
    description: Namespace of the parent object. Members may be anywhere.
    type: str
    default: default
  parent_kind:
    description:
      - Kind of the parent object. Sets of the same name with parents of different kinds are different sets.
    type: str
    choices: [ConfigMap, Secret]
    default: ConfigMap
  definitions:
    description:
      - The objects of the set, as a list of objects, or of texts of YAML with any number of documents.
      - A C(List) counts as the objects in it. C(stringData) of a Secret is sent as its C(data).
      - The content of Secrets is kept out of results, differences and messages. Neither the system's log nor C(-vvv)
        shows this option.
    type: raw
  src:
    description:
      - Files of YAML or JSON on the target, or folders of them, that hold objects of the set.
      - Of a folder, the files that end in C(.yaml), C(.yml) or C(.json) are read, those of folders inside it are not.
    type: list
    elements: path
    default: []
  state:
    description:
      - V(present) applies the objects.
      - V(absent) deletes the members of the set, then the parent, and nothing else. Definitions are not needed. Where
        the parent has been lost, they tell in which kinds and namespaces to look for members.
    type: str
    choices: [present, absent]
    default: present
  prune:
    description: Whether objects that have left the set are deleted. They are never deleted after a failure.
    type: bool
    default: true
  protected_namespaces:
    description:
      - Namespaces in which nothing is pruned, and that are not pruned themselves. What leaves the set there stays, with
        a warning.
      - The namespaces V(default), V(kube-system), V(kube-public) and V(kube-node-lease) are never deleted, whatever
        stands here.
    type: list
    elements: str
    default: [kube-system, kube-public, kube-node-lease]
  force_conflicts:
    description:
      - Take over fields that another manager has set otherwise. Without it, such a conflict is an error that names the
        fields and the manager.
    type: bool
    default: false
  continue_on_error:
    description:
      - Go on with the other objects when one fails. The task fails in the end all the same, and says which.
      - Without it, an object that is refused beforehand keeps the whole set from being touched, and one that fails
        later stops the run.
    type: bool
    default: false
  wait:
    description:
      - Wait until the objects of the set are ready, and until what is deleted is gone.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most, for readiness and for new kinds to be served.
    type: float
    default: 120.0
  wait_conditions:
    description:
      - Conditions to wait for instead of what is known of a kind. Several of one kind must all be met.
      - Without one, an object of a kind that is not built in is ready when its condition C(Ready), where it has one,
        is true.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: The kind whose objects are to meet the condition.
        type: str
        required: true
      type:
        description: Type of the condition.
        type: str
        required: true
      status:
        description: The status that is waited for.
        type: str
        choices: ["True", "False", Unknown]
        default: "True"
  delete_contents:
    description:
      - Delete a Namespace or a CustomResourceDefinition of the set even when there are objects in it that are not of
        the set. These are lost with it. Otherwise it stays, with a warning.
    type: bool
    default: false
  field_manager:
    description: The name under which the fields are owned.
    type: str
    default: bulkhead
attributes:
  check_mode:
    description: Predicts the same changes. The server is asked by dry run, and nothing is written.
    support: full
  diff_mode:
    description: Shows the fields that change, before and after, as YAML. Values of Secrets are shown as fingerprints.
    support: full
  idempotent:
    description: What is as declared is not written again.
    support: full
"""

EXAMPLES = r"""
- name: Keep a namespace and its quota as one unit
  bulkhead.container_security.k8s_applyset:
    name: team-a
    namespace: kube-system
    definitions:
      - apiVersion: v1
        kind: Namespace
        metadata:
          name: team-a
      - apiVersion: v1
        kind: ResourceQuota
        metadata:
          name: pods
          namespace: team-a
        spec:
          hard:
            pods: "20"

- name: Apply a folder of manifests and wait until they run
  bulkhead.container_security.k8s_applyset:
    name: shop
    namespace: shop
    src: [/etc/shop/manifests]
    wait: true

- name: Remove everything that the set has made
  bulkhead.container_security.k8s_applyset:
    name: shop
    namespace: shop
    state: absent
"""

RETURN = r"""
objects:
  description:
    - The objects of the set, and those that left it.
    - RV(objects[].action) is V(created), V(changed), V(unchanged), V(pruned), V(failed), or V(skipped) for what the
      run did not come to.
  returned: always, unless the options or the parent could not be used
  type: list
  elements: dict
  contains:
    api_version:
      description: Version of the API.
      type: str
    kind:
      description: The kind.
      type: str
    namespace:
      description: The namespace, empty for an object of the cluster.
      type: str
    name:
      description: The name.
      type: str
    action:
      description: What was done, or in check mode would be.
      type: str
    fields:
      description:
        - The fields that differed from what is declared, with the value before and after, and the manager that set
          the field last, how and when.
        - Of a conflict, the fields and the managers in conflict.
      type: list
      elements: dict
    message:
      description: Why it failed, or what else there is to know.
      type: str
  sample:
    - api_version: apps/v1
      kind: Deployment
      namespace: shop
      name: web
      action: changed
      fields:
        - path: .spec.replicas
          before: 5
          after: 2
          manager: kubectl-edit
          operation: Update
          time: "2025-03-01T12:00:00Z"
      message: ""
parent:
  description: The parent object and the id of the set, which members carry as C(applyset.kubernetes.io/part-of).
  returned: always, unless the options or the parent could not be used
  type: dict
  sample: {kind: ConfigMap, namespace: shop, name: shop, id: applyset-…-v1, action: unchanged}
requests:
  description: Number of requests made to the API server.
  returned: success
  type: int
  sample: 7
writes:
  description: How many of them were writes. None when nothing changed, and none in check mode.
  returned: success
  type: int
  sample: 0
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.applyset import ApplySet
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.definitions import (
    Definition,
    load_definitions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import Parent
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.report import (
    changes,
    diffs,
    failure_message,
    object_reports,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import (
    PROTECTED,
    Settings,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.source import (
    file_definitions,
    given_definitions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discreet_module import DiscreetModule
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    condition: dict[str, dict[str, Any]] = {name: {"type": "str", "required": True} for name in ("kind", "type")}
    condition["status"] = {"type": "str", "choices": ["True", "False", "Unknown"], "default": "True"}
    return {
        **connection_argument_spec(),
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str", "default": "default"},
        "parent_kind": {"type": "str", "choices": ["ConfigMap", "Secret"], "default": "ConfigMap"},
        "definitions": {"type": "raw"},
        "src": {"type": "list", "elements": "path", "default": []},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "prune": {"type": "bool", "default": True},
        "protected_namespaces": {"type": "list", "elements": "str", "default": list(PROTECTED)},
        "force_conflicts": {"type": "bool", "default": False},
        "continue_on_error": {"type": "bool", "default": False},
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": "float", "default": 120.0},
        "wait_conditions": {"type": "list", "elements": "dict", "default": [], "options": condition},
        "delete_contents": {"type": "bool", "default": False},
        "field_manager": {"type": "str", "default": "bulkhead"},
    }


def main() -> None:
    """Run the module."""
    module = DiscreetModule(  # type: ignore[no-untyped-call]
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    require_kubernetes(module)
    try:
        result, failure = run(module, connect(module.params))
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    if failure:
        module.fail_json(msg=failure, **result)
    module.exit_json(**result)


def run(module: AnsibleModule, cluster: Cluster) -> tuple[dict[str, Any], str]:
    """Plan, and outside check mode apply; returns the module's result and what went wrong, if anything did."""
    params, absent = module.params, module.params["state"] == "absent"
    applyset = ApplySet(cluster, _parent(params), _settings(params))
    plan = applyset.plan(_definitions(params), absent=absent, check=module.check_mode)
    if not module.check_mode:
        applyset.apply(plan, absent=absent)
    for member in plan.staying if params["prune"] or absent else ():
        module.warn(f"{member.title} has left the set and stays: {member.message}")
    return _result(module, applyset, plan, cluster), failure_message(plan) if plan.failed else ""


def _definitions(params: dict[str, Any]) -> list[Definition]:
    given = params["definitions"] is not None or params["src"]
    if not given and params["state"] == "present":
        raise K8sError("A set that is to be present needs definitions or src; an empty list prunes all its members")
    return load_definitions([*given_definitions(params["definitions"]), *file_definitions(params["src"])])


def _parent(params: dict[str, Any]) -> Parent:
    return Parent(params["name"], params["namespace"], params["parent_kind"])


def _settings(params: dict[str, Any]) -> Settings:
    if params["wait_timeout"] <= 0:
        raise K8sError("wait_timeout must be more than 0 seconds")
    return Settings(
        field_manager=params["field_manager"],
        force_conflicts=params["force_conflicts"],
        continue_on_error=params["continue_on_error"],
        prune=params["prune"],
        protected_namespaces=frozenset(params["protected_namespaces"]),
        wait=params["wait"],
        wait_timeout=params["wait_timeout"],
        wait_conditions=_conditions(params["wait_conditions"]),
        delete_contents=params["delete_contents"],
    )


def _conditions(options: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    conditions: dict[str, dict[str, str]] = {}
    for option in options:
        conditions.setdefault(option["kind"], {})[option["type"]] = option["status"]
    return conditions


def _result(module: AnsibleModule, applyset: ApplySet, plan: Plan, cluster: Cluster) -> dict[str, Any]:
    parent = applyset.parent
    result: dict[str, Any] = {
        "changed": changes(plan, applyset.parent_action),
        "objects": object_reports(plan),
        "parent": {
            "kind": parent.kind,
            "namespace": parent.namespace,
            "name": parent.name,
            "id": parent.id,
            "action": applyset.parent_action,
        },
        "requests": cluster.requests,
        "writes": cluster.writes,
    }
    # Making the YAML of many objects takes longer than applying them.
    return {**result, "diff": diffs(plan)} if module._diff else result


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_binding_prune
short_description: Remove RoleBindings that nobody declared, in namespaces handed over for it
version_added: 0.2.0
description:
  - In the namespaces of O(namespaces), every RoleBinding that is not in O(declared) is removed, whoever made it.
  - Kept are those that a controller owns, those that came with the cluster, and those that match O(keep).
  - Where the own identity manages bindings only by grants in the namespaces themselves, each binding that lets
    somebody do so is kept too, lest the run cut off the branch it sits on.
  - What is removed is returned, and written to O(backup_dir) before the first one goes.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
options:
  namespaces:
    description: The namespaces that are handed over. There are no patterns, for each one is to be meant.
    type: list
    elements: str
    required: true
  declared:
    description: The bindings that belong there, as objects or as dictionaries of C(namespace) and C(name).
    type: list
    elements: dict
    default: []
  keep:
    description:
      - More bindings to keep, by name, as V(legacy-*), or by namespace and name, as V(shop/legacy-*).
    type: list
    elements: str
    default: []
  protected_namespaces:
    description:
      - Namespaces that are refused in O(namespaces).
      - The namespaces V(kube-system), V(kube-public) and V(kube-node-lease) are, whatever stands here.
    type: list
    elements: str
    default: [kube-system, kube-public, kube-node-lease]
  backup_dir:
    description:
      - A folder on the target for what is removed, as a file of JSON that C(kubectl apply -f) or
        M(bulkhead.container_security.k8s_applyset) takes. It is made where there is none.
    type: path
attributes:
  check_mode:
    description: Tells what would be removed, and removes nothing.
    support: full
  diff_mode:
    description: Shows the bindings that go.
    support: full
  idempotent:
    description: There is nothing left to remove.
    support: full
seealso:
  - module: bulkhead.container_security.k8s_applyset
"""

EXAMPLES = r"""
- name: Leave only what was declared in the namespaces of the shop
  bulkhead.container_security.k8s_binding_prune:
    namespaces: [shop, shop-test]
    declared:
      - namespace: shop
        name: developers
    keep: [istio-*]
    backup_dir: /var/backups/rbac
"""

RETURN = r"""
removed:
  description: The RoleBindings that were removed, or in check mode would be, ready to be applied again.
  returned: always, unless the namespaces could not be judged
  type: list
  elements: dict
kept:
  description: The RoleBindings that nobody declared and that stay, with the reason.
  returned: always, unless the namespaces could not be judged
  type: list
  elements: dict
  sample: [{namespace: shop, name: operator, reason: "it belongs to Database main, which would make it again"}]
backup:
  description: The file with what was removed.
  returned: when something was removed and O(backup_dir) is given
  type: str
  sample: /var/backups/rbac/rolebindings-20260101T000000Z.json
"""

import json
import os
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.prune import (
    CLUSTERS_OWN,
    Verdict,
    judge_bindings,
    manifest,
    refuse_protected,
    remove,
)


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    protected = ["kube-system", "kube-public", "kube-node-lease"]
    return {
        **connection_argument_spec(),
        "namespaces": {"type": "list", "elements": "str", "required": True},
        "declared": {"type": "list", "elements": "dict", "default": []},
        "keep": {"type": "list", "elements": "str", "default": []},
        "protected_namespaces": {"type": "list", "elements": "str", "default": protected},
        "backup_dir": {"type": "path"},
    }


def _places(declared: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Of objects the RoleBindings; raises K8sError for what names none."""
    places = set()
    for number, item in enumerate(declared):
        if item.get("kind", "RoleBinding") == "RoleBinding":
            named = item.get("metadata") or item
            if not named.get("namespace") or not named.get("name"):
                raise K8sError(f"declared[{number}] names no binding: it needs namespace and name")
            places.add((named["namespace"], named["name"]))
    return places


def _backup(folder: str, bindings: list[dict[str, Any]]) -> str:
    """A new file, for the owner alone. Raises K8sError where it cannot be written."""
    path = os.path.join(folder, time.strftime("rolebindings-%Y%m%dT%H%M%SZ.json", time.gmtime()))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"apiVersion": "v1", "kind": "List", "items": bindings}, file, indent=2)
    except OSError as exc:
        raise K8sError(f"backup_dir: {path} cannot be written ({exc.strerror}), nothing was removed") from exc
    return path


def _remove_all(cluster: Cluster, verdicts: list[Verdict], result: dict[str, Any]) -> None:
    """Remove one by one, so that `result` tells at any time what is gone."""
    for verdict in verdicts:
        remove(cluster, verdict.item)
        result["changed"] = True
        result["removed"].append(manifest(verdict.item))


def _run(module: AnsibleModule, result: dict[str, Any]) -> None:
    params = module.params
    refuse_protected(params["namespaces"], {*params["protected_namespaces"], *CLUSTERS_OWN})
    cluster = connect(params)
    verdicts = judge_bindings(cluster, params["namespaces"], _places(params["declared"]), params["keep"])
    condemned = [verdict for verdict in verdicts if not verdict.kept]
    kept = [verdict for verdict in verdicts if verdict.kept]
    places = [(*verdict.place, verdict.kept) for verdict in kept]
    result["kept"] = [{"namespace": namespace, "name": name, "reason": why} for namespace, name, why in places]
    manifests = [manifest(verdict.item) for verdict in condemned]
    result["diff"] = [
        {
            "before_header": f"RoleBinding {namespace}/{name}",
            "before": json.dumps(binding, indent=2) + "\n",
            "after": "",
        }
        for (namespace, name), binding in zip((verdict.place for verdict in condemned), manifests)
    ]
    if module.check_mode or not condemned:
        result.update(changed=bool(condemned), removed=manifests)
        return
    if params["backup_dir"]:
        result["backup"] = _backup(params["backup_dir"], manifests)
    _remove_all(cluster, condemned, result)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    require_kubernetes(module)
    result: dict[str, Any] = {"changed": False, "removed": [], "kept": [], "diff": []}
    try:
        _run(module, result)
    except K8sError as exc:
        module.fail_json(msg=str(exc), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()

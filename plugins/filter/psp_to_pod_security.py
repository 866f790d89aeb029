# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Migrate from PodSecurityPolicy."""

from __future__ import annotations

DOCUMENTATION = r"""
name: psp_to_pod_security
short_description: PodSecurityPolicies as Pod Security levels and ValidatingAdmissionPolicies, and what is lost
version_added: 0.2.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Tells for each PodSecurityPolicy the level of the Pod Security Standards that it corresponds to, and for each
    namespace the labels to enforce the level of the policies that its pods may use.
  - What a level cannot say is kept as ValidatingAdmissionPolicies (Kubernetes 1.30 or later), in CEL.
  - What is different afterwards is told in plain sentences. A pod that the policy let in and that is refused now, or
    the other way round, always falls under one of them.
positional: namespaces
options:
  _input:
    description:
      - A PodSecurityPolicy, a list of objects, or a C(List) as C(kubectl get -o json) prints it.
      - Beside PodSecurityPolicies it may hold C(Role), C(ClusterRole), C(RoleBinding), C(ClusterRoleBinding) and
        C(Namespace) objects. From these is told which policies the ServiceAccounts of which namespaces may use.
    type: raw
    required: true
  namespaces:
    description:
      - Names of namespaces, beside those that are in the input.
      - Or a dictionary of namespaces with the names of the policies that their pods use. Roles and bindings do not
        count then.
    type: raw
  version:
    description:
      - The version of the Pod Security Standards for the labels, V(latest) or as in V(v1.30).
    type: str
    default: latest
  prefix:
    description:
      - How the names of the ValidatingAdmissionPolicies begin.
    type: str
    default: psp
  actions:
    description:
      - What is done about a pod that breaks a ValidatingAdmissionPolicy. V(Warn) and V(Audit) serve for a trial.
    type: list
    elements: str
    choices: [Deny, Warn, Audit]
    default: [Deny]
"""

EXAMPLES = r"""
- name: What would become of the PodSecurityPolicies of a cluster
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'psp-and-rbac.json') | from_json
             | bulkhead.container_security.psp_to_pod_security(version='v1.30') }}"

- name: Pods that the policy let in are refused, or the other way round
  ansible.builtin.debug:
    msg: "{{ (policy | bulkhead.container_security.psp_to_pod_security).policies[0].differences
             | map(attribute='message') }}"
"""

RETURN = r"""
_value:
  description: What takes the place of the policies.
  type: dict
  contains:
    policies:
      description: Each PodSecurityPolicy, as if it were the only one.
      type: list
      elements: dict
      contains:
        name:
          description: The name of the policy.
          type: str
        level:
          description: The level that it corresponds to, V(privileged), V(baseline) or V(restricted).
          type: str
        not_stricter_because:
          description: The fields of the policy that rule out the next stricter level, with the reason.
          type: dict
        labels:
          description: The labels of a namespace for that level.
          type: dict
        kept_by_policy:
          description: The fields of the policy that a ValidatingAdmissionPolicy keeps.
          type: list
          elements: str
        differences:
          description:
            - What is different afterwards, each with C(policy), C(field), C(effect) and C(message).
            - The effect V(mutation) means that the policy set it in pods and nothing does any more; V(stricter) that
              pods are refused that the policy let in; V(looser) that pods are let in that the policy refused.
          type: list
          elements: dict
    namespaces:
      description:
        - Each namespace with C(name) and C(policies), and with C(level), C(labels), C(kept_by_policy) and
          C(differences) as above.
        - Pods that may use several policies need to meet one of them. Their namespace has the loosest of the levels.
          A difference with an empty C(policy) comes from that.
      type: list
      elements: dict
    objects:
      description:
        - The ValidatingAdmissionPolicies, and their bindings to namespaces.
        - Where no namespace is known, the policies alone.
      type: list
      elements: dict
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.migration import (
    migrate,
)

_ACTIONS = ("Deny", "Warn", "Audit")


def psp_to_pod_security(
    objects: Any,
    namespaces: Any = None,
    version: str = "latest",
    prefix: str = "psp",
    actions: Sequence[str] = ("Deny",),
) -> dict[str, Any]:
    """The filter. Raises AnsibleFilterError."""
    try:
        return migrate(
            _listed(_plain(objects)),
            _namespaces(_plain(namespaces)),
            version=str(version),
            prefix=str(prefix),
            actions=_known(_plain(actions)),
        )
    except K8sError as exc:
        raise AnsibleFilterError(f"psp_to_pod_security: {exc}") from exc
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        # Objects that no API server has let in; which part of which one is wrong is for a schema to say.
        raise AnsibleFilterError(
            f"psp_to_pod_security: an object is not as an API server would have it: {type(exc).__name__} {exc}"
        ) from exc


def _plain(value: Any) -> Any:
    """Without the tags that newer Ansible puts on data."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError) as exc:
        raise K8sError(f"The input is no plain data: {exc}") from exc


def _listed(given: Any) -> list[Mapping[str, Any]]:
    if isinstance(given, Mapping):
        given = given.get("items") or [] if str(given.get("kind", "")).endswith("List") else [given]
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise K8sError("The input must be a PodSecurityPolicy or a list of objects")
    return given


def _namespaces(given: Any) -> Any:
    if given is None or (isinstance(given, list) and all(isinstance(name, str) for name in given)):
        return given
    if isinstance(given, Mapping) and all(isinstance(names, list) for names in given.values()):
        return given
    raise K8sError("namespaces must be a list of names, or a dictionary of lists of the names of policies")


def _known(actions: Any) -> list[str]:
    given = list(actions) if isinstance(actions, (list, tuple)) else []
    unknown = [str(each) for each in given if each not in _ACTIONS]
    if unknown or not given:
        raise K8sError(f"actions: {', '.join(unknown) or 'nothing'} is not of {', '.join(_ACTIONS)}; write a list")
    if {"Deny", "Warn"} <= set(given):
        raise K8sError("actions: the API server does not take Deny and Warn together")
    return given


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """{name: function}"""
        return {"psp_to_pod_security": psp_to_pod_security}

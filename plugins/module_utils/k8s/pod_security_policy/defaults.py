# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PodSecurityPolicy changes in a pod before it judges it.

Source of the order and the conditions: the admission plugin of Kubernetes 1.20, seen working on its API server.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    APPARMOR_DEFAULT,
    SECCOMP_DEFAULT,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pod_parts import (
    CONTAINER_APPARMOR,
    POD_SECCOMP,
    annotations_of,
    containers,
    context,
    effective,
    seccomp_profile,
)

Object = Mapping[str, Any]


def with_defaults(policy: Object, pod: Object) -> dict[str, Any]:
    """The pod as the policy would have it: a copy in which all is set that the policy sets where a pod is silent."""
    changed = copy.deepcopy(dict(pod))
    spec = changed.setdefault("spec", {})
    rules = policy.get("spec") or {}
    _default_pod(rules, spec)
    annotations = dict(annotations_of(changed))
    profile = _seccomp(policy, annotations, spec)
    if profile:
        annotations[POD_SECCOMP] = profile
    for container in containers(changed):
        _default_container(rules, changed, container)
        _default_apparmor(policy, annotations, container)
    changed["metadata"] = {**(changed.get("metadata") or {}), "annotations": annotations}
    return changed


def _default_pod(rules: Object, spec: dict[str, Any]) -> None:
    own = dict(context(spec))
    if own.get("supplementalGroups") is None and _assigned(rules, "supplementalGroups") is not None:
        own["supplementalGroups"] = [_assigned(rules, "supplementalGroups")]
    if own.get("fsGroup") is None:
        own["fsGroup"] = _assigned(rules, "fsGroup")
    if own.get("seLinuxOptions") is None:
        own["seLinuxOptions"] = se_linux_options(rules)
    spec["securityContext"] = {field: value for field, value in own.items() if value is not None}
    runtime_class = (rules.get("runtimeClass") or {}).get("defaultRuntimeClassName")
    if runtime_class and spec.get("runtimeClassName") is None:
        spec["runtimeClassName"] = runtime_class


def _default_container(rules: Object, pod: Object, container: Any) -> None:
    own = dict(context(container))
    for field in ("runAsUser", "runAsGroup"):
        if effective(pod, container, field) is None and _assigned(rules, field) is not None:
            own[field] = _assigned(rules, field)
    if effective(pod, container, "seLinuxOptions") is None and se_linux_options(rules) is not None:
        own["seLinuxOptions"] = se_linux_options(rules)
    container["securityContext"] = own
    unnamed = all(effective(pod, container, field) is None for field in ("runAsNonRoot", "runAsUser"))
    if unnamed and (rules.get("runAsUser") or {}).get("rule") == "MustRunAsNonRoot":
        own["runAsNonRoot"] = True
    own.update(_capabilities(rules, own.get("capabilities") or {}))
    if rules.get("readOnlyRootFilesystem") and own.get("readOnlyRootFilesystem") is None:
        own["readOnlyRootFilesystem"] = True
    escalation = default_escalation(rules)
    if escalation is not None and own.get("allowPrivilegeEscalation") is None:
        own["allowPrivilegeEscalation"] = escalation


def _capabilities(rules: Object, own: Object) -> dict[str, Any]:
    """{} or {"capabilities": …}: the default ones added unless the container drops them, the required ones dropped."""
    dropped = set(own.get("drop") or ())
    add = {*(own.get("add") or ()), *(set(rules.get("defaultAddCapabilities") or ()) - dropped)}
    drop = {*dropped, *(rules.get("requiredDropCapabilities") or ())}
    return {"capabilities": {"add": sorted(add), "drop": sorted(drop)}} if add or drop else {}


def _assigned(rules: Object, field: str) -> int | None:
    """The id that MustRunAs assigns: the first of its first range."""
    strategy = rules.get(field) or {}
    ranges = strategy.get("ranges") or ()
    return int(ranges[0]["min"]) if strategy.get("rule") == "MustRunAs" and ranges else None


def se_linux_options(rules: Object) -> dict[str, Any] | None:
    """The SELinux label that the policy gives and wants; None where it has no say."""
    strategy = rules.get("seLinux") or {}
    return dict(strategy.get("seLinuxOptions") or {}) if strategy.get("rule") == "MustRunAs" else None


def default_escalation(rules: Object) -> bool | None:
    """What allowPrivilegeEscalation becomes in a container that does not say."""
    default = rules.get("defaultAllowPrivilegeEscalation")
    if default is not None:
        return bool(default)
    return False if rules.get("allowPrivilegeEscalation") is False else None


def _seccomp(policy: Object, annotations: Object, spec: Object) -> str:
    return str(
        annotations.get(POD_SECCOMP)
        or seccomp_profile(context(spec).get("seccompProfile"))
        or annotations_of(policy).get(SECCOMP_DEFAULT)
        or ""
    )


def _default_apparmor(policy: Object, annotations: dict[str, Any], container: Object) -> None:
    default = annotations_of(policy).get(APPARMOR_DEFAULT)
    key = f"{CONTAINER_APPARMOR}{container.get('name')}"
    if default and not annotations.get(key):
        annotations[key] = default

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PodSecurityPolicy refuses, as CEL: one rule for each of its fields that says anything.

A rule judges the pod as it is. What the policy would have set in it must therefore be in it already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy import (
    cel,
    volume_rules,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.identity import (
    groups_of_pod,
    run_as_group,
    run_as_user,
    se_linux,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    APPARMOR_ALLOWED,
    SECCOMP_ALLOWED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pod_parts import (
    CONTAINER_APPARMOR,
    annotations_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pods import (
    SAFE_SYSCTLS,
)

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A field of the policy, the CEL that holds for the pods that it lets in, and what a refused user is told."""

    field: str
    expression: str
    message: str


def rules(policy: Object) -> tuple[Rule, ...]:
    """All rules of a policy. Together with the policy's defaults they admit what the policy admits."""
    return tuple(_rules(policy, policy.get("spec") or {}))


def _rules(policy: Object, spec: Object) -> Iterator[Rule]:
    for field, (said, expression, message) in _TABLE.items():
        if said(spec):
            yield Rule(field, expression(spec), message)
    yield from _sysctls(spec)
    for field, rule, message in volume_rules.volume_rules(spec):
        yield Rule(field, rule, message)
    yield from _profiles(policy)


def _sysctls(spec: Object) -> Iterator[Rule]:
    forbidden, unsafe = list(spec.get("forbiddenSysctls") or ()), list(spec.get("allowedUnsafeSysctls") or ())
    if forbidden:
        condition = cel.of_pod("sysctls", lambda all_: f"{all_}.all(s, !{cel.matches('s.name', forbidden)})", True)
        yield Rule("forbiddenSysctls", condition, f"these sysctls must not be set: {', '.join(forbidden)}")
    if "*" not in unsafe:
        names = [*sorted(SAFE_SYSCTLS), *unsafe, *forbidden]
        condition = cel.of_pod("sysctls", lambda all_: f"{all_}.all(s, {cel.matches('s.name', names)})", True)
        yield Rule("allowedUnsafeSysctls", condition, "only safe sysctls and those that are allowed can be set")


def _profiles(policy: Object) -> Iterator[Rule]:
    seccomp = annotations_of(policy).get(SECCOMP_ALLOWED)
    if seccomp and "*" not in str(seccomp).split(","):
        yield Rule("seccomp", _seccomp(str(seccomp).split(",")), f"the seccomp profile must be one of {seccomp}")
    apparmor = annotations_of(policy).get(APPARMOR_ALLOWED)
    if apparmor is not None:
        yield Rule("apparmor", _apparmor(str(apparmor).split(",")), f"the AppArmor profile must be one of {apparmor}")


def _seccomp(names: list[str]) -> str:
    def allowed(profile: str) -> str:
        kinds = [kind for kind, name in _SECCOMP_KINDS.items() if name & set(names)]
        files = [name.removeprefix("localhost/") for name in names if name.startswith("localhost/")]
        local = f'({profile}.type == "Localhost" && {profile}.localhostProfile in {cel.text(files)})'
        return cel.any_of([f"{profile}.type in {cel.text(kinds)}", *([local] if files else [])])

    each = cel.in_every_container(lambda c: cel.effective(c, "seccompProfile", allowed, False))
    return cel.all_of([cel.of_pod("seccompProfile", allowed, True), each])


_SECCOMP_KINDS = {"RuntimeDefault": {"runtime/default", "docker/default"}, "Unconfined": {"unconfined"}}
_APPARMOR_KINDS = {"RuntimeDefault": "runtime/default", "Unconfined": "unconfined"}


def _apparmor(names: list[str]) -> str:
    def field_allowed(profile: str) -> str:
        kinds = [kind for kind, name in _APPARMOR_KINDS.items() if name in names]
        files = [name.removeprefix("localhost/") for name in names if name.startswith("localhost/")]
        local = f'({profile}.type == "Localhost" && {profile}.localhostProfile in {cel.text(files)})'
        return cel.any_of([f"{profile}.type in {cel.text(kinds)}", *([local] if files else [])])

    def allowed(c: str) -> str:
        key, owner = f"({cel.text(CONTAINER_APPARMOR)} + {c}.name)", "object.metadata.annotations"
        named = f"has({owner}) && {key} in {owner}"
        by_field = cel.effective(c, "appArmorProfile", field_allowed, False)
        return f"({named} ? {owner}[{key}] in {cel.text(names)} : {by_field})"

    return cel.in_every_container(allowed)


def _switched_off(field: str) -> Callable[[Object], bool]:
    return lambda spec: not spec.get(field)


def _host(field: str) -> Callable[[Object], str]:
    return lambda spec: cel.where_set("object.spec", field, lambda value: f"!{value}", True)


def _host_ports(spec: Object) -> str:
    def allowed(port: str) -> str:
        return cel.any_of([f"{port} == 0", cel.in_ranges(port, spec.get("hostPorts") or ())])

    def ports(every: str) -> str:
        return f"{every}.all(p, {cel.where_set('p', 'hostPort', allowed, True)})"

    return cel.in_every_container(lambda c: cel.where_set(c, "ports", ports, True))


def capabilities_of(spec: Object) -> list[str]:
    """The capabilities that a container may add."""
    return sorted({*(spec.get("allowedCapabilities") or ()), *(spec.get("defaultAddCapabilities") or ())})


def _added(spec: Object) -> str:
    allowed = cel.text(capabilities_of(spec))
    return cel.of_container("capabilities.add", lambda added: f"{added}.all(a, a in {allowed})", True)


def _dropped(spec: Object) -> str:
    required = cel.text(list(spec.get("requiredDropCapabilities") or ()))
    return cel.of_container("capabilities.drop", lambda dropped: f"{required}.all(d, d in {dropped})", False)


def _proc_mount(spec: Object) -> str:
    allowed = list(spec.get("allowedProcMountTypes") or ("Default",))
    return cel.of_container("procMount", lambda value: f"{value} in {cel.text(allowed)}", "Default" in allowed)


def _runtime_class(spec: Object) -> str:
    names = cel.text(list((spec.get("runtimeClass") or {}).get("allowedRuntimeClassNames") or ()))
    return cel.where_set("object.spec", "runtimeClassName", lambda value: f"{value} in {names}", True)


def _limits_runtime_classes(spec: Object) -> bool:
    strategy = spec.get("runtimeClass")
    return strategy is not None and "*" not in (strategy.get("allowedRuntimeClassNames") or ())


def _ruled(field: str) -> Callable[[Object], bool]:
    return lambda spec: (spec.get(field) or {}).get("rule", "RunAsAny") != "RunAsAny"


# {field: (whether the policy says anything by it, the expression, the message)}
_TABLE: dict[str, tuple[Callable[[Object], bool], Callable[[Object], str], str]] = {
    "privileged": (
        _switched_off("privileged"),
        lambda spec: cel.of_container("privileged", lambda value: f"!{value}", True),
        "containers must not be privileged",
    ),
    "hostNetwork": (_switched_off("hostNetwork"), _host("hostNetwork"), "the pod must not use the network of its host"),
    "hostPID": (_switched_off("hostPID"), _host("hostPID"), "the pod must not see the processes of its host"),
    "hostIPC": (_switched_off("hostIPC"), _host("hostIPC"), "the pod must not use the IPC of its host"),
    "hostPorts": (lambda spec: True, _host_ports, "the port of the host is not in an allowed range"),
    "allowedCapabilities": (
        lambda spec: "*" not in capabilities_of(spec),
        _added,
        "a capability is added that is not allowed",
    ),
    "requiredDropCapabilities": (
        lambda spec: bool(spec.get("requiredDropCapabilities")),
        _dropped,
        "containers must drop the required capabilities",
    ),
    "allowPrivilegeEscalation": (
        lambda spec: spec.get("allowPrivilegeEscalation") is False,
        lambda spec: cel.of_container("allowPrivilegeEscalation", lambda value: f"!{value}", False),
        "containers must set allowPrivilegeEscalation to false",
    ),
    "readOnlyRootFilesystem": (
        lambda spec: bool(spec.get("readOnlyRootFilesystem")),
        lambda spec: cel.of_container("readOnlyRootFilesystem", lambda value: value, False),
        "containers must set readOnlyRootFilesystem to true",
    ),
    "allowedProcMountTypes": (lambda spec: True, _proc_mount, "the type of the proc mount is not allowed"),
    "runAsUser": (_ruled("runAsUser"), run_as_user, "containers must run as an allowed user"),
    "runAsGroup": (_ruled("runAsGroup"), run_as_group, "containers must run as an allowed group"),
    "fsGroup": (_ruled("fsGroup"), lambda spec: groups_of_pod(spec, "fsGroup"), "fsGroup must be in an allowed range"),
    "supplementalGroups": (
        _ruled("supplementalGroups"),
        lambda spec: groups_of_pod(spec, "supplementalGroups"),
        "supplementalGroups must be in an allowed range",
    ),
    "seLinux": (_ruled("seLinux"), se_linux, "the SELinux label must be the one of the policy"),
    "runtimeClass": (_limits_runtime_classes, _runtime_class, "the RuntimeClass is not allowed"),
}

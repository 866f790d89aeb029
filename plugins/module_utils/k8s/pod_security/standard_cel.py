# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pod Security Standards in CEL, for clusters that want exemptions of their own from a level.

Each expression is true of a pod that its control allows, and reads `variables` of policies.py: the pod's spec, its
containers and its annotations. Nothing is read that was not asked for by has() before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_confinement as confinement,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_host as host,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_privileges as privileges,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rule_containers import (
    IS_WINDOWS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import (
    USER_NAMESPACE,
    WINDOWS,
    Form,
    PodControl,
    controls_at,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import minor_of

_SPEC = "variables.spec"
_POD = f"{_SPEC}.securityContext"
_ANNOTATIONS = "variables.annotations"
_SPARED = {WINDOWS: IS_WINDOWS, USER_NAMESPACE: f"has({_SPEC}.hostUsers) && !{_SPEC}.hostUsers"}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")


def standard_expressions(level: str, version: str) -> Iterator[tuple[PodControl, str]]:
    """Each control of a level of a version, with its expression. Raises K8sError for what is no version."""
    for control, form in controls_at(level, minor_of(version)):
        yield control, _expression(form)


def _expression(form: Form) -> str:
    allowed = _CEL[form.check](form.allowed)
    return f"({_SPARED[form.spares]}) || ({allowed})" if form.spares else allowed


def _has(path: str) -> str:
    """has() of each step of a path below `variables.spec` or a container, for has() of the last would fail."""
    start = _SPEC if path.startswith(_SPEC) else path.partition(".")[0]
    steps = path[len(start) + 1 :].split(".")
    return " && ".join(f"has({'.'.join([start, *steps[: end + 1]])})" for end in range(len(steps)))


def _unless_set(path: str, condition: str) -> str:
    """The condition, where the field is set at all."""
    return f"(!({_has(path)}) || {condition})"


def _containers(condition: str) -> str:
    return f"variables.containers.all(c, {condition})"


def _contexts(condition: Callable[[str], str]) -> str:
    """A condition on the security context of the pod and of each container."""
    return f"{condition(_POD)} && {_containers(condition('c.securityContext'))}"


def _texts(values: Collection[str]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in sorted(values)) + "]"


def _host_namespaces(_allowed: Any) -> str:
    fields = (f"{_SPEC}.{name}" for name in ("hostNetwork", "hostPID", "hostIPC"))
    return " && ".join(_unless_set(field, f"!{field}") for field in fields)


def _host_ports(_allowed: Any) -> str:
    return _containers(_unless_set("c.ports", "c.ports.all(p, !has(p.hostPort) || p.hostPort == 0)"))


def _host_paths(_allowed: Any) -> str:
    return _unless_set(f"{_SPEC}.volumes", f"{_SPEC}.volumes.all(v, !has(v.hostPath))")


def _volumes(allowed: Collection[str]) -> str:
    known = " || ".join(f"has(v.{name})" for name in sorted(allowed))
    return _unless_set(f"{_SPEC}.volumes", f"{_SPEC}.volumes.all(v, {known})")


def _host_probes(_allowed: Any) -> str:
    hosts = (f"c.{probe}.{kind}.host" for probe in _PROBES for kind in ("httpGet", "tcpSocket"))
    return _containers(" && ".join(_unless_set(path, f"{path} == ''") for path in hosts))


def _host_process(_allowed: Any) -> str:
    return _contexts(lambda at: _unless_set(f"{at}.windowsOptions.hostProcess", f"!{at}.windowsOptions.hostProcess"))


def _sysctls(allowed: Collection[str]) -> str:
    return _unless_set(f"{_POD}.sysctls", f"{_POD}.sysctls.all(s, s.name in {_texts(allowed)})")


def _privileged(_allowed: Any) -> str:
    field = "c.securityContext.privileged"
    return _containers(_unless_set(field, f"!{field}"))


def _added(allowed: Collection[str]) -> str:
    field = "c.securityContext.capabilities.add"
    return _containers(_unless_set(field, f"{field}.all(n, n in {_texts(allowed)})"))


def _dropped(allowed: Collection[str]) -> str:
    field = "c.securityContext.capabilities.drop"
    every = f"{_has(field)} && 'ALL' in {field}"
    return f"{_containers(every)} && {_added(allowed)}"


def _escalation(_allowed: Any) -> str:
    field = "c.securityContext.allowPrivilegeEscalation"
    return _containers(f"{_has(field)} && !{field}")


def _non_root(_allowed: Any) -> str:
    own, shared = "c.securityContext.runAsNonRoot", f"{_POD}.runAsNonRoot"
    either = f"({_has(own)} ? {own} : ({_has(shared)} && {shared}))"
    return f"{_unless_set(shared, shared)} && {_containers(either)}"


def _user(_allowed: Any) -> str:
    return _contexts(lambda at: _unless_set(f"{at}.runAsUser", f"{at}.runAsUser != 0"))


def _profile(field: str) -> Callable[[str], str]:
    def confined(at: str) -> str:
        kind = f"{at}.{field}.type"
        return _unless_set(f"{at}.{field}", f"(has({kind}) && {kind} in ['Localhost', 'RuntimeDefault'])")

    return confined


def _seccomp(_allowed: Any) -> str:
    return _contexts(_profile("seccompProfile"))


def _seccomp_set(_allowed: Any) -> str:
    shared = f"({_has(f'{_POD}.seccompProfile')})"
    return f"{_seccomp(None)} && ({shared} || {_containers(_has('c.securityContext.seccompProfile'))})"


def _seccomp_annotations(_allowed: Any) -> str:
    values = "['runtime/default', 'docker/default']"

    def confined(key: str) -> str:
        value = f"{_ANNOTATIONS}[{key}]"
        return f"(!({key} in {_ANNOTATIONS}) || {value} in {values} || {value}.startsWith('localhost/'))"

    of_container = confined(f"('{confinement.CONTAINER_SECCOMP}' + c.name)")
    return f"{confined(repr(confinement.POD_SECCOMP))} && {_containers(of_container)}"


def _app_armor(_allowed: Any) -> str:
    value = f"{_ANNOTATIONS}[k]"
    annotations = (
        f"{_ANNOTATIONS}.all(k, !k.startsWith('{confinement.CONTAINER_APPARMOR}') || "
        f"{value} in ['', 'runtime/default'] || {value}.startsWith('localhost/'))"
    )
    return f"{_contexts(_profile('appArmorProfile'))} && {annotations}"


def _se_linux(allowed: Collection[str]) -> str:
    def confined(at: str) -> str:
        options = f"{at}.seLinuxOptions"
        kind = _unless_set(f"{options}.type", f"{options}.type in {_texts({'', *allowed})}")
        others = (_unless_set(f"{options}.{name}", f"{options}.{name} == ''") for name in ("user", "role"))
        return f"({' && '.join([kind, *others])})"

    return _contexts(confined)


def _proc_mount(_allowed: Any) -> str:
    field = "c.securityContext.procMount"
    return _containers(_unless_set(field, f"{field} == 'Default'"))


_CEL: Mapping[Callable[..., Any], Callable[[Any], str]] = {
    host.host_namespaces: _host_namespaces,
    host.host_ports: _host_ports,
    host.host_path_volumes: _host_paths,
    host.restricted_volumes: _volumes,
    host.host_probes: _host_probes,
    host.host_process: _host_process,
    host.sysctls: _sysctls,
    privileges.privileged: _privileged,
    privileges.added_capabilities: _added,
    privileges.kept_capabilities: _dropped,
    privileges.privilege_escalation: _escalation,
    privileges.run_as_non_root: _non_root,
    privileges.run_as_user: _user,
    confinement.seccomp_annotations: _seccomp_annotations,
    confinement.seccomp_unconfined: _seccomp,
    confinement.seccomp_unset: _seccomp_set,
    confinement.app_armor: _app_armor,
    confinement.se_linux: _se_linux,
    confinement.proc_mount: _proc_mount,
}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PodSecurityPolicy refuses in a pod as a whole. Each check yields the policy's own field names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.defaults import (
    se_linux_options,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    SECCOMP_ALLOWED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pod_parts import (
    POD_SECCOMP,
    annotations_of,
    containers,
    context,
    seccomp_profile,
    spec_of,
    volume_type,
)

Object = Mapping[str, Any]
# Sysctls that any pod may set, in Kubernetes 1.20; the other versions with PodSecurityPolicy know no fewer.
SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_syncookies",
    }
)


def pod_refusals(policy: Object, pod: Object) -> Iterator[str]:
    """The fields of the policy that refuse the pod, for reasons that do not lie in one container."""
    rules, own = policy.get("spec") or {}, context(spec_of(pod))
    yield from _groups(rules, own)
    if se_linux_refused(rules, own.get("seLinuxOptions")):
        yield "seLinux"
    if not seccomp_allowed(policy, _pod_seccomp(pod)):
        yield "seccomp"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec_of(pod).get(field) and not rules.get(field):
            yield field
    yield from _sysctls(rules, own)
    for volume in spec_of(pod).get("volumes") or ():
        yield from _volume(rules, pod, volume)
    yield from _runtime_class(rules, spec_of(pod))


def in_ranges(value: int, ranges: object) -> bool:
    """Whether an id is in one of [{min, max}]."""
    return any(row["min"] <= value <= row["max"] for row in (ranges if isinstance(ranges, (list, tuple)) else ()))


def group_refused(strategy: Object | None, groups: list[int]) -> bool:
    """Whether a rule for groups refuses these; MustRunAs wants at least one."""
    rule = (strategy or {}).get("rule", "RunAsAny")
    if rule == "RunAsAny":
        return False
    ranges = (strategy or {}).get("ranges") or ()
    return (rule == "MustRunAs" and not groups) or not all(in_ranges(group, ranges) for group in groups)


def se_linux_refused(rules: Object, options: Object | None) -> bool:
    """Whether a label is not the one that the policy wants; categories may stand in any order."""
    wanted = se_linux_options(rules)
    if wanted is None:
        return False
    if options is None:
        return True
    same = all((wanted.get(key) or "") == (options.get(key) or "") for key in ("user", "role", "type"))
    return not (same and _level(wanted.get("level")) == _level(options.get("level")))


def _level(text: object) -> tuple[str, ...]:
    sensitivity, colon, categories = str(text or "").partition(":")
    return (sensitivity, colon, *sorted(categories.split(",")))


def seccomp_allowed(policy: Object, profile: str) -> bool:
    """Whether the annotation of the policy allows a profile; "" is none. Without the annotation, none may be set."""
    allowed = annotations_of(policy).get(SECCOMP_ALLOWED)
    names = set(str(allowed).split(",")) if allowed is not None else set()
    if "*" in names:
        return True
    if names & {"runtime/default", "docker/default"}:
        names |= {"runtime/default", "docker/default"}
    return profile in names if names else not profile


def _pod_seccomp(pod: Object) -> str:
    return str(annotations_of(pod).get(POD_SECCOMP) or seccomp_profile(context(spec_of(pod)).get("seccompProfile")))


def _groups(rules: Object, own: Object) -> Iterator[str]:
    fs_group = own.get("fsGroup")
    if group_refused(rules.get("fsGroup"), [] if fs_group is None else [fs_group]):
        yield "fsGroup"
    if group_refused(rules.get("supplementalGroups"), list(own.get("supplementalGroups") or ())):
        yield "supplementalGroups"


def matches(name: str, patterns: object) -> bool:
    """Whether a sysctl is one of these names, or begins as one that ends with a star."""
    every = patterns if isinstance(patterns, (list, tuple)) else ()
    return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in every)


def _sysctls(rules: Object, own: Object) -> Iterator[str]:
    for sysctl in own.get("sysctls") or ():
        name = str(sysctl.get("name"))
        if matches(name, rules.get("forbiddenSysctls")):
            yield "forbiddenSysctls"
        elif name not in SAFE_SYSCTLS and not matches(name, rules.get("allowedUnsafeSysctls")):
            yield "allowedUnsafeSysctls"


def _volume(rules: Object, pod: Object, volume: Object) -> Iterator[str]:
    kind, allowed = volume_type(volume), rules.get("volumes") or ()
    if kind is None or not ("*" in allowed or kind in allowed or _is_token(volume, allowed)):
        yield "volumes"
        return
    source = volume.get(kind) or {}
    if kind == "hostPath" and not _path_allowed(rules, pod, volume):
        yield "allowedHostPaths"
    for name, field, key in (("flexVolume", "allowedFlexVolumes", "driver"), ("csi", "allowedCSIDrivers", "name")):
        drivers = [row[key] for row in rules.get(field) or ()]
        if kind == name and drivers and source.get("driver") not in drivers:
            yield field


def _is_token(volume: Object, allowed: object) -> bool:
    """Whether it is no more than what the API server projects into every pod, which counts as a secret."""
    sources = (volume.get("projected") or {}).get("sources")
    secret = isinstance(allowed, (list, tuple)) and "secret" in allowed
    return bool(secret and sources is not None and all(map(_is_token_source, sources)))


def _is_token_source(source: Object) -> bool:
    token, bundle, fields = (source.get(key) for key in ("serviceAccountToken", "configMap", "downwardAPI"))
    if token is None and bundle is None and fields is None:
        return False
    if token is not None and (token.get("path") != "token" or token.get("audience")):
        return False
    if bundle is not None and bundle.get("name") != "kube-root-ca.crt":
        return False
    return all(_is_namespace_field(item) for item in (fields or {}).get("items") or ())


def _is_namespace_field(item: Object) -> bool:
    reference = item.get("fieldRef") or {}
    return (
        item.get("path") == "namespace"
        and reference.get("apiVersion", "v1") == "v1"
        and reference.get("fieldPath") == "metadata.namespace"
    )


def _path_allowed(rules: Object, pod: Object, volume: Object) -> bool:
    prefixes = rules.get("allowedHostPaths") or ()
    path = str((volume.get("hostPath") or {}).get("path"))
    found = [row for row in prefixes if _is_below(path, str(row["pathPrefix"]))]
    if not prefixes or any(not row.get("readOnly") for row in found):
        return True
    return bool(found) and all(mount.get("readOnly") for mount in _mounts(pod, volume.get("name")))


def _is_below(path: str, prefix: str) -> bool:
    """By whole parts of the path; the API server forbids `..` in both."""
    path, prefix = path.removesuffix("/"), prefix.removesuffix("/")
    return path == prefix or path.startswith(f"{prefix}/")


def _mounts(pod: Object, volume: object) -> Iterator[Object]:
    for container in containers(pod):
        yield from (mount for mount in container.get("volumeMounts") or () if mount.get("name") == volume)


def _runtime_class(rules: Object, spec: Object) -> Iterator[str]:
    strategy, name = rules.get("runtimeClass"), spec.get("runtimeClassName")
    if strategy is not None and name is not None:
        allowed = strategy.get("allowedRuntimeClassNames") or ()
        if "*" not in allowed and name not in allowed:
            yield "runtimeClass"

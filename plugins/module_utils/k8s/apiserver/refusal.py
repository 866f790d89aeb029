# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Combinations that the API server would not start with, or that would lock everybody out, refused beforehand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.admission_plugins import (
    CONFIGURED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.declaration import (
    DISABLE,
    ENABLE,
    ENCRYPTION,
    Declaration,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import (
    IDENTITY,
    READ_PATHS,
    REMOVED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import as_list, is_true
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import load_mapping
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

HEALTH_PATHS = ("/livez", "/readyz", "/healthz")
_MODE, _ANONYMOUS, _AUTHENTICATION = "authorization-mode", "anonymous-auth", "authentication-config"
_CONFIG = "admission-control-config-file"

Flags = Mapping[str, list[str]]


class Refused(K8sError):
    """What is declared would harm the cluster; nothing was changed."""


def check_safe(situation: Situation, declaration: Declaration, after: Flags) -> list[str]:
    """Raise Refused for what would harm; warnings for what only surprises. after: all flags as they would be."""
    for name, values in declaration.flags.items():
        if name in IDENTITY and values != situation.flags.get(name):
            raise Refused(
                f"flags: {name} makes the server what it is and is no matter of hardening: change it yourself"
            )
    _check_authorization(declaration, after)
    _check_admission(declaration, after)
    _check_exclusions(declaration, after)
    _check_files(situation, declaration)
    if ENCRYPTION in declaration.flags and declaration.flags[ENCRYPTION] is None and situation.flags.get(ENCRYPTION):
        raise Refused(
            "flags: without encryption-provider-config, what was encrypted could not be read any more: declare "
            "encryption with the provider identity, re-encrypt, and take the flag away then"
        )
    return list(_surprises(declaration, after))


def probes_fail(situation: Situation, declaration: Declaration, after: Flags) -> bool:
    """Whether the kubelet's probes, which carry no credentials, would be refused, and the pod restarted for ever."""
    if not situation.pod or not situation.pod.http_probes:
        return False
    allowed = _anonymous_paths(declaration, after)
    asked = {
        str(probe["httpGet"].get("path")).partition("?")[0]
        for probe in situation.pod.http_probes.values()
        if not _authorized(probe["httpGet"])
    }
    return allowed is not None and not asked <= allowed


def _authorized(asked: Mapping[str, Any]) -> bool:
    """Whether a probe brings a token of its own."""
    return any(str(header.get("name")).lower() == "authorization" for header in asked.get("httpHeaders") or ())


def _anonymous_paths(declaration: Declaration, after: Flags) -> set[str] | None:
    """Paths that may be asked for without credentials; None for all."""
    if not is_true(after.get(_ANONYMOUS, ["true"])[-1]):
        return set()
    for file in declaration.files:
        anonymous = load_mapping(file.text, file.path).get("anonymous") if file.flag == _AUTHENTICATION else None
        if isinstance(anonymous, Mapping):
            conditions = anonymous.get("conditions")
            if not anonymous.get("enabled"):
                return set()
            return {str(each.get("path")) for each in conditions} if conditions else None
    return None


def _check_authorization(declaration: Declaration, after: Flags) -> None:
    if _MODE not in declaration.flags:
        return
    modes = as_list(after.get(_MODE) or [])
    if "AlwaysDeny" in modes:
        raise Refused(
            "flags: authorization-mode AlwaysDeny refuses every request: nobody could use the cluster or repair it"
        )
    if "authorization-config" in after:
        return
    if "RBAC" not in modes:
        raise Refused("flags: authorization-mode without RBAC takes every user's and component's rights away")
    if "Node" not in modes:
        raise Refused("flags: authorization-mode without Node locks the kubelets out")


def _check_admission(declaration: Declaration, after: Flags) -> None:
    enabled, disabled = (as_list(after.get(flag) or []) for flag in (ENABLE, DISABLE))
    both = sorted(set(enabled) & set(disabled))
    if both and {ENABLE, DISABLE} & set(declaration.flags):
        raise Refused(f"{', '.join(both)}: an admission plugin is either enabled or disabled, not both")
    if ENABLE not in declaration.flags:
        return
    if "AlwaysDeny" in enabled:
        raise Refused("The admission plugin AlwaysDeny refuses every object: nothing could be changed or repaired")
    unconfigured = sorted(CONFIGURED & set(enabled) - _configured_plugins(declaration))
    if unconfigured and (_CONFIG not in after or any(file.flag == _CONFIG for file in declaration.files)):
        raise Refused(
            f"The admission plugin {unconfigured[0]} needs a configuration: declare it in a file for {_CONFIG}, "
            "or the API server does not start"
        )


def _configured_plugins(declaration: Declaration) -> set[str]:
    data: dict[str, Any] = {}
    for file in declaration.files:
        if file.flag == _CONFIG:
            data = load_mapping(file.text, file.path)
    return {str(plugin.get("name")) for plugin in data.get("plugins") or ()}


def _check_exclusions(declaration: Declaration, after: Flags) -> None:
    pairs = (("authorization-config", _MODE), ("authentication-config", "oidc-issuer-url"))
    for left, right in pairs:
        if left in after and right in after and {left, right} & set(declaration.flags):
            raise Refused(f"flags: {left} and {right} exclude each other: set {right} to null")
    for file in declaration.files:
        if file.flag == _AUTHENTICATION and "anonymous" in load_mapping(file.text, file.path) and _ANONYMOUS in after:
            raise Refused(
                f"flags: {_ANONYMOUS} and anonymous in {file.path} exclude each other: set {_ANONYMOUS} to null"
            )
    if after.get("insecure-port", ["0"])[-1] != "0" and "insecure-port" in declaration.flags:
        raise Refused("flags: insecure-port may only be 0: everybody who reaches another one is administrator")


def _check_files(situation: Situation, declaration: Declaration) -> None:
    ours = {file.path for file in declaration.files}
    for name, values in declaration.flags.items():
        for path in values or () if name in READ_PATHS else ():
            if path not in ours and not os.path.isfile(path) and values != situation.flags.get(name):
                raise Refused(f"flags: {name} names {path}, which is not there: the API server would not start")


def _surprises(declaration: Declaration, after: Flags) -> Iterator[str]:
    enabled = as_list(after.get(ENABLE) or [])
    if "PodSecurityPolicy" in enabled and ENABLE in declaration.flags:
        yield "With PodSecurityPolicy enabled, no pod starts that no policy allows: have the policies and grants there"
    if "AlwaysAllow" in as_list(after.get(_MODE) or []):
        yield "authorization-mode holds AlwaysAllow, which lets everybody do everything"
    if "NodeRestriction" in as_list(after.get(DISABLE) or []):
        yield "NodeRestriction is disabled, so that a kubelet may change other nodes and their pods"
    if "audit-policy-file" in after and not {"audit-log-path", "audit-webhook-config-file"} & set(after):
        yield "An audit policy without audit-log-path or audit-webhook-config-file has no effect"
    for name, values in declaration.flags.items():
        if values is not None and name in REMOVED:
            yield f"{name} is deprecated, and {'.'.join(map(str, REMOVED[name]))} does not start with it"

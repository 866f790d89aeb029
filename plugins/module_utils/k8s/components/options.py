# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the flags of each component mean: their types, and what holds where a flag is not given. Pure.

A fact of every flag below has the name of the flag with underscores. Defaults are those of upstream's option sources.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.admission_plugins import (
    check_plugins,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import Release
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import FlagProblem

Facts = dict[str, Any]

_BOOLS = "bool"
_LISTS = "list"
_NUMBERS = "number"
_SECONDS = "seconds"
_TEXTS = "text"

API_SERVER: Mapping[str, tuple[str, str | None]] = {
    "anonymous-auth": (_BOOLS, "true"),
    "authentication-config": (_TEXTS, None),
    "authorization-config": (_TEXTS, None),
    "authorization-mode": (_LISTS, "AlwaysAllow"),
    "basic-auth-file": (_TEXTS, None),
    "token-auth-file": (_TEXTS, None),
    "kubelet-https": (_BOOLS, "true"),
    "kubelet-client-certificate": (_TEXTS, None),
    "kubelet-client-key": (_TEXTS, None),
    "kubelet-certificate-authority": (_TEXTS, None),
    "enable-admission-plugins": (_LISTS, ""),
    "disable-admission-plugins": (_LISTS, ""),
    "insecure-bind-address": (_TEXTS, None),
    "insecure-port": (_NUMBERS, "0"),
    "secure-port": (_NUMBERS, "6443"),
    "profiling": (_BOOLS, "true"),
    "audit-log-path": (_TEXTS, None),
    "audit-log-maxage": (_NUMBERS, "0"),
    "audit-log-maxbackup": (_NUMBERS, "0"),
    "audit-log-maxsize": (_NUMBERS, "0"),
    "audit-policy-file": (_TEXTS, None),
    "audit-webhook-config-file": (_TEXTS, None),
    "request-timeout": (_SECONDS, "1m0s"),
    "service-account-lookup": (_BOOLS, "true"),
    "service-account-key-file": (_TEXTS, None),
    "service-account-extend-token-expiration": (_BOOLS, "true"),
    "etcd-certfile": (_TEXTS, None),
    "etcd-keyfile": (_TEXTS, None),
    "etcd-cafile": (_TEXTS, None),
    "etcd-servers": (_LISTS, ""),
    "tls-cert-file": (_TEXTS, None),
    "tls-private-key-file": (_TEXTS, None),
    "tls-cipher-suites": (_LISTS, ""),
    "tls-min-version": (_TEXTS, None),
    "client-ca-file": (_TEXTS, None),
    "encryption-provider-config": (_TEXTS, None),
    "feature-gates": (_LISTS, ""),
}
CONTROLLER_MANAGER: Mapping[str, tuple[str, str | None]] = {
    "terminated-pod-gc-threshold": (_NUMBERS, None),
    "profiling": (_BOOLS, "true"),
    "use-service-account-credentials": (_BOOLS, "false"),
    "service-account-private-key-file": (_TEXTS, None),
    "root-ca-file": (_TEXTS, None),
    "feature-gates": (_LISTS, ""),
    "bind-address": (_TEXTS, "0.0.0.0"),
    "kubeconfig": (_TEXTS, None),
}
SCHEDULER: Mapping[str, tuple[str, str | None]] = {
    "profiling": (_BOOLS, "true"),
    "bind-address": (_TEXTS, "0.0.0.0"),
    "kubeconfig": (_TEXTS, None),
    "config": (_TEXTS, None),
}
ETCD: Mapping[str, tuple[str, str | None]] = {
    "cert-file": (_TEXTS, None),
    "key-file": (_TEXTS, None),
    "client-cert-auth": (_BOOLS, "false"),
    "auto-tls": (_BOOLS, "false"),
    "peer-cert-file": (_TEXTS, None),
    "peer-key-file": (_TEXTS, None),
    "peer-client-cert-auth": (_BOOLS, "false"),
    "peer-auto-tls": (_BOOLS, "false"),
    "trusted-ca-file": (_TEXTS, None),
    "peer-trusted-ca-file": (_TEXTS, None),
    "initial-cluster": (_LISTS, ""),
    "data-dir": (_TEXTS, None),
    "listen-client-urls": (_LISTS, ""),
    "advertise-client-urls": (_LISTS, ""),
}
COMPONENTS: Mapping[str, Mapping[str, tuple[str, str | None]]] = {
    "kube-apiserver": API_SERVER,
    "kube-controller-manager": CONTROLLER_MANAGER,
    "kube-scheduler": SCHEDULER,
    "etcd": ETCD,
}
SCOPES: Mapping[str, str] = {
    "kube-apiserver": "api_server",
    "kube-controller-manager": "controller_manager",
    "kube-scheduler": "scheduler",
    "etcd": "etcd",
}

# Plugins that are on without being named, in every release that has them (upstream: kubeapiserver/options/plugins.go).
_DEFAULT_ON = frozenset(
    (
        *("CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "ClusterTrustBundleAttest"),
        *("DefaultIngressClass", "DefaultStorageClass", "DefaultTolerationSeconds", "LimitRanger"),
        *("MutatingAdmissionPolicy", "MutatingAdmissionWebhook", "NamespaceLifecycle", "PersistentVolumeClaimResize"),
        *("PodSecurity", "PodTopologyLabels", "Priority", "ResourceQuota", "RuntimeClass", "ServiceAccount"),
        *("StorageObjectInUseProtection", "TaintNodesByCondition", "ValidatingAdmissionPolicy"),
        "ValidatingAdmissionWebhook",
    )
)
# Plugins that are off unless asked for, and may be missing from a release.
_OPTIONAL = ("DenyServiceExternalIPs", "PodSecurity", "PodSecurityPolicy", "ValidatingAdmissionPolicy")
_STRONG = re.compile(r"TLS_(ECDHE_\w+_WITH_(AES_\d+_GCM|CHACHA20_POLY1305)|AES_\d+_GCM|CHACHA20_POLY1305)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def component_facts(program: str, flags: Mapping[str, Sequence[str]], release: Release) -> Facts:
    """The facts of one component by its flags, as given or as they default; `unknown` says which cannot be told."""
    facts: Facts = {"given": sorted(flags), "unknown": {}}
    for name, (kind, default) in COMPONENTS[program].items():
        values = list(flags.get(name) or ([] if default is None else [default]))
        facts[name.replace("-", "_")] = _value(kind, values)
    if "feature_gates" in facts:
        facts["feature_gates"] = gates(facts["feature_gates"])
    if program == "kube-apiserver":
        _add_of_api_server(facts, release)
    if program == "etcd":
        facts["members"] = max(1, len(facts["initial_cluster"]))
    return facts


def gates(given: Sequence[str]) -> dict[str, bool]:
    """Feature gates, as name=true."""
    pairs = (gate.partition("=") for gate in given)
    return {name: value.lower() == "true" for name, _equals, value in pairs}


def _add_of_api_server(facts: Facts, release: Release) -> None:
    """admission_plugins: those that are on. available_plugins: those that could be, of the ones that are off."""
    on = set(filter(lambda name: _exists(name, release), _DEFAULT_ON)) | set(facts["enable_admission_plugins"])
    facts["admission_plugins"] = sorted(on - set(facts["disable_admission_plugins"]))
    facts["available_plugins"] = [name for name in _OPTIONAL if _exists(name, release)]
    facts["weak_ciphers"] = weak_ciphers(facts["tls_cipher_suites"], facts["tls_min_version"])
    if facts["authorization_config"]:
        facts["unknown"]["authorization_mode"] = f"It stands in {facts['authorization_config']}, which is a file there"
    if facts["authentication_config"] and "anonymous-auth" not in facts["given"]:
        facts["unknown"]["anonymous_auth"] = f"It may stand in {facts['authentication_config']}, which is a file there"


def _exists(plugin: str, release: Release) -> bool:
    if (plugin, release) == ("PodSecurity", (1, 22)):  # alpha there, and off
        return False
    try:
        check_plugins([plugin], release)
    except FlagProblem:
        return False
    return True


def weak_ciphers(suites: Sequence[str], min_version: str | None) -> list[str]:
    """Cipher suites that are offered without forward secrecy or authenticated encryption.

    Without a list there is the release's own, which up to 1.29 holds such ones; TLS 1.3 has none.
    """
    if min_version == "VersionTLS13":
        return []
    if not suites:
        return ["the release's own list"]
    return [suite for suite in suites if not _STRONG.match(suite)]


def _value(kind: str, values: list[str]) -> Any:
    if kind == _LISTS:
        return [part.strip() for value in values for part in value.split(",") if part.strip()]
    if not values:
        return None
    last = values[-1]
    if kind == _BOOLS:
        return last.lower() in ("true", "t", "1")
    if kind == _NUMBERS:
        return int(last) if re.fullmatch(r"-?\d+", last) else None
    return seconds(last) if kind == _SECONDS else last


def seconds(duration: str) -> float | None:
    """A duration as Go writes it, such as 1m30s, in seconds; None for what is none."""
    if duration == "0":
        return 0.0
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kubelet's configuration means, from its /configz or its file and flags. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.options import (
    gates,
    seconds,
    weak_ciphers,
)

Facts = dict[str, Any]

# Fields of KubeletConfiguration (kubelet.config.k8s.io/v1beta1) that controls may read.
FIELDS = (
    *("authentication", "authorization", "readOnlyPort", "streamingConnectionIdleTimeout", "protectKernelDefaults"),
    *("makeIPTablesUtilChains", "eventRecordQPS", "tlsCertFile", "tlsPrivateKeyFile", "serverTLSBootstrap"),
    *("rotateCertificates", "featureGates", "tlsCipherSuites", "tlsMinVersion", "podPidsLimit", "seccompDefault"),
    *("staticPodPath", "clusterDomain", "enableDebuggingHandlers"),
)
DERIVED = ("streaming_timeout_seconds", "weak_ciphers", "knows_seccomp_default")
# Flags that go before the configuration file, and the field that each sets.
_FLAGS = {
    "anonymous-auth": ("authentication", "anonymous", "enabled"),
    "authorization-mode": ("authorization", "mode"),
    "client-ca-file": ("authentication", "x509", "clientCAFile"),
    "read-only-port": ("readOnlyPort",),
    "streaming-connection-idle-timeout": ("streamingConnectionIdleTimeout",),
    "protect-kernel-defaults": ("protectKernelDefaults",),
    "make-iptables-util-chains": ("makeIPTablesUtilChains",),
    "event-qps": ("eventRecordQPS",),
    "tls-cert-file": ("tlsCertFile",),
    "tls-private-key-file": ("tlsPrivateKeyFile",),
    "rotate-certificates": ("rotateCertificates",),
    "tls-min-version": ("tlsMinVersion",),
    "pod-max-pids": ("podPidsLimit",),
    "seccomp-default": ("seccompDefault",),
    "pod-manifest-path": ("staticPodPath",),
}
_UNSET: Facts = {"authentication": {}, "authorization": {}, "featureGates": {}}


def kubelet_facts(configuration: Mapping[str, Any], version: Version) -> Facts:
    """The facts of a configuration that holds every default, as /configz does."""
    facts: Facts = {name: configuration.get(name, _UNSET.get(name)) for name in FIELDS}
    return {
        **facts,
        "streaming_timeout_seconds": seconds(str(configuration.get("streamingConnectionIdleTimeout") or "4h")),
        "weak_ciphers": weak_ciphers(facts["tlsCipherSuites"] or (), facts["tlsMinVersion"]),
        "knows_seccomp_default": version.at_least(1, 22),
    }


def with_defaults(configuration: Mapping[str, Any], flags: Mapping[str, Sequence[str]]) -> Facts:
    """The configuration of a file, the flags before it, and what a kubelet started with them assumes."""
    effective = _defaults(from_file=bool(configuration))
    _lay_over(effective, configuration)
    for name, path in _FLAGS.items():
        if name in flags:
            _set(effective, path, _typed(flags[name][-1]))
    if "tls-cipher-suites" in flags:
        effective["tlsCipherSuites"] = [part for value in flags["tls-cipher-suites"] for part in value.split(",")]
    if "feature-gates" in flags:
        given = [part for value in flags["feature-gates"] for part in value.split(",")]
        effective.setdefault("featureGates", {}).update(gates(given))
    return effective


def _defaults(*, from_file: bool) -> Facts:
    # Flags alone keep the looser defaults of old.
    return {
        "authentication": {"anonymous": {"enabled": not from_file}, "x509": {}},
        "authorization": {"mode": "Webhook" if from_file else "AlwaysAllow"},
        "readOnlyPort": 0 if from_file else 10255,
        "makeIPTablesUtilChains": True,
        "eventRecordQPS": 5,
        "rotateCertificates": False,
        "podPidsLimit": -1,
        "streamingConnectionIdleTimeout": "4h0m0s",
    }


def _lay_over(below: Facts, above: Mapping[str, Any]) -> None:
    for name, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(name), dict):
            _lay_over(below[name], value)
        else:
            below[name] = value


def _set(facts: Facts, path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        facts = facts.setdefault(part, {})
    facts[path[-1]] = value


def _typed(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.lstrip("-").isdigit() else text

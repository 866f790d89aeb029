# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flags of kube-apiserver: what type each takes, and in which releases it exists.

Types and names are those that `kube-apiserver --help` of 1.20 prints; the spans come from the option sources of the
releases 1.18 to 1.36. A release is (major, minor).
"""

from __future__ import annotations

BOOL, INT, FLOAT, DURATION, TEXT, LIST, MAP, REPEATED = (
    "bool",
    "int",
    "float",
    "duration",
    "text",
    "list",
    "map",
    "repeated",
)

Release = tuple[int, int]

_NAMES: dict[str, str] = {
    BOOL: """
        allow-privileged anonymous-auth audit-log-batch-throttle-enable audit-log-compress audit-log-truncate-enabled
        audit-webhook-batch-throttle-enable audit-webhook-truncate-enabled contention-profiling disable-http2-serving
        emulation-forward-compatible enable-aggregator-routing enable-bootstrap-token-auth enable-garbage-collector
        enable-logs-handler enable-priority-and-fairness enable-swagger-ui encryption-provider-config-automatic-reload
        experimental-logging-sanitization kubelet-https permit-address-sharing permit-port-sharing profiling
        runtime-config-emulation-forward-compatible service-account-extend-token-expiration service-account-lookup
        shutdown-send-retry-after watch-cache aggregator-reject-forwarding-redirect alsologtostderr logtostderr
        add-dir-header one-output skip-headers skip-log-headers""",
    INT: """
        apiserver-count audit-log-batch-buffer-size audit-log-batch-max-size audit-log-batch-throttle-burst
        audit-log-maxage audit-log-maxbackup audit-log-maxsize audit-log-truncate-max-batch-size
        audit-log-truncate-max-event-size audit-webhook-batch-buffer-size audit-webhook-batch-max-size
        audit-webhook-batch-throttle-burst audit-webhook-truncate-max-batch-size
        audit-webhook-truncate-max-event-size default-not-ready-toleration-seconds
        default-unreachable-toleration-seconds default-watch-cache-size delete-collection-workers
        deserialization-cache-size http2-max-streams-per-connection identity-lease-duration-seconds
        identity-lease-renew-interval-seconds insecure-port kubernetes-service-node-port lease-reuse-duration-seconds
        log-file-max-size max-connection-bytes-per-sec max-mutating-requests-inflight max-requests-inflight
        min-request-timeout port secure-port stderrthreshold target-ram-mb v""",
    FLOAT: "audit-log-batch-throttle-qps audit-webhook-batch-throttle-qps goaway-chance",
    DURATION: """
        audit-log-batch-max-wait audit-webhook-batch-initial-backoff audit-webhook-batch-max-wait
        audit-webhook-initial-backoff authentication-token-webhook-cache-ttl
        authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl
        etcd-compaction-interval etcd-count-metric-poll-period etcd-db-metric-poll-interval etcd-healthcheck-timeout
        etcd-readycheck-timeout event-ttl kubelet-timeout livez-grace-period log-flush-frequency request-timeout
        service-account-max-token-expiration shutdown-delay-duration shutdown-watch-termination-grace-period
        storage-initialization-timeout""",
    TEXT: """
        address admission-control-config-file advertise-address audit-log-format audit-log-mode audit-log-path
        audit-log-version audit-policy-file audit-webhook-config-file audit-webhook-mode audit-webhook-version
        authentication-config authentication-token-webhook-config-file authentication-token-webhook-version
        authorization-config authorization-policy-file authorization-webhook-config-file authorization-webhook-version
        bind-address cert-dir client-ca-file cloud-config cloud-provider debug-socket-path egress-selector-config-file
        encryption-provider-config endpoint-reconciler-type etcd-cafile etcd-certfile etcd-keyfile etcd-prefix
        experimental-encryption-provider-config external-hostname insecure-bind-address kubelet-certificate-authority
        kubelet-client-certificate kubelet-client-key log-dir log-file logging-format master-service-namespace
        oidc-ca-file oidc-client-id oidc-groups-claim oidc-groups-prefix oidc-issuer-url oidc-username-claim
        oidc-username-prefix peer-advertise-ip peer-advertise-port peer-ca-file proxy-client-cert-file
        proxy-client-key-file requestheader-client-ca-file service-account-jwks-uri service-account-signing-endpoint
        service-account-signing-key-file service-cluster-ip-range service-node-port-range
        show-hidden-metrics-for-version storage-backend storage-media-type tls-cert-file tls-min-version
        tls-private-key-file token-auth-file tracing-config-file vmodule log-backtrace-at
        allow-metric-labels-manifest""",
    LIST: """
        admission-control api-audiences authorization-mode cors-allowed-origins disable-admission-plugins
        disabled-metrics enable-admission-plugins etcd-servers etcd-servers-overrides kubelet-preferred-address-types
        oidc-signing-algs requestheader-allowed-names requestheader-extra-headers-prefix
        requestheader-group-headers requestheader-uid-headers requestheader-username-headers
        strict-transport-security-directives tls-cipher-suites tls-curve-preferences watch-cache-sizes
        emulated-version""",
    MAP: "allow-metric-labels feature-gates oidc-required-claim runtime-config",
    REPEATED: "service-account-issuer service-account-key-file tls-sni-cert-key",
}

TYPES: dict[str, str] = {name: kind for kind, names in _NAMES.items() for name in names.split()}

SINCE: dict[str, Release] = {
    "aggregator-reject-forwarding-redirect": (1, 23),
    "allow-metric-labels": (1, 21),
    "allow-metric-labels-manifest": (1, 28),
    "authentication-config": (1, 29),
    "authorization-config": (1, 29),
    "debug-socket-path": (1, 27),
    "disable-http2-serving": (1, 31),
    "disabled-metrics": (1, 21),
    "emulated-version": (1, 31),
    "emulation-forward-compatible": (1, 33),
    "encryption-provider-config-automatic-reload": (1, 26),
    "etcd-readycheck-timeout": (1, 25),
    "experimental-logging-sanitization": (1, 20),
    "lease-reuse-duration-seconds": (1, 21),
    "peer-advertise-ip": (1, 28),
    "peer-advertise-port": (1, 28),
    "peer-ca-file": (1, 28),
    "permit-address-sharing": (1, 21),
    "requestheader-uid-headers": (1, 32),
    "runtime-config-emulation-forward-compatible": (1, 33),
    "service-account-signing-endpoint": (1, 32),
    "shutdown-send-retry-after": (1, 23),
    "shutdown-watch-termination-grace-period": (1, 27),
    "storage-initialization-timeout": (1, 31),
    "strict-transport-security-directives": (1, 21),
    "tls-curve-preferences": (1, 36),
    "tracing-config-file": (1, 22),
}
"""The first release that has the flag, where that is not older than 1.20."""

_LOG_FLAGS = (
    "add-dir-header alsologtostderr log-backtrace-at log-dir log-file log-file-max-size logtostderr one-output "
    "skip-headers skip-log-headers stderrthreshold"
)

REMOVED: dict[str, Release] = {
    "address": (1, 24),
    "cloud-config": (1, 33),
    "cloud-provider": (1, 33),
    "deserialization-cache-size": (1, 24),
    "enable-swagger-ui": (1, 24),
    "experimental-encryption-provider-config": (1, 24),
    "experimental-logging-sanitization": (1, 24),
    "insecure-bind-address": (1, 24),
    "insecure-port": (1, 24),
    "kubelet-https": (1, 22),
    "master-service-namespace": (1, 27),
    "port": (1, 24),
    "target-ram-mb": (1, 24),
    **dict.fromkeys(_LOG_FLAGS.split(), (1, 26)),
}
"""The first release that no longer has the flag, and does not start with it."""

INSTEAD: dict[str, str] = {
    "admission-control": "enable-admission-plugins and disable-admission-plugins",
    "audit-webhook-batch-initial-backoff": "audit-webhook-initial-backoff",
    "experimental-encryption-provider-config": "encryption-provider-config",
}
"""What to set in the place of a deprecated or removed flag."""

_READ = """
    admission-control-config-file allow-metric-labels-manifest audit-policy-file audit-webhook-config-file
    authentication-config authentication-token-webhook-config-file authorization-config authorization-policy-file
    authorization-webhook-config-file client-ca-file cloud-config egress-selector-config-file
    encryption-provider-config etcd-cafile etcd-certfile etcd-keyfile kubelet-certificate-authority
    kubelet-client-certificate kubelet-client-key oidc-ca-file peer-ca-file proxy-client-cert-file
    proxy-client-key-file requestheader-client-ca-file service-account-key-file service-account-signing-key-file
    tls-cert-file tls-private-key-file token-auth-file tracing-config-file"""

READ_PATHS = frozenset(_READ.split())
"""Flags that name a file which the API server reads when it starts, and does not start without."""

WRITTEN_PATHS = frozenset({"audit-log-path"})
"""Flags that name a file which the API server writes."""

IDENTITY = frozenset({"etcd-servers", "etcd-prefix", "secure-port", "service-cluster-ip-range"})
"""Flags that make a server what it is, and that no hardening changes."""

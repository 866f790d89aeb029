# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of the API server, by the flags that it runs with.

The facts are those of k8s/components/options.py: each has the name of its flag, and
holds what the flag says or defaults to.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

API_SERVER_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.api_server.anonymous_auth",
        title="API server answers nobody who does not say who he is",
        scope="api_server",
        severity="medium",
        actual="anonymous_auth",
        expected={"equals": False},
        remediation=(
            "Set --anonymous-auth=false. Probes then need credentials; from 1.31 an AuthenticationConfiguration "
            "can leave the health endpoints alone open."
        ),
        references=cis_k8s("1.2.1", "1.2.1"),
    ),
    Control(
        id="k8s.api_server.basic_auth",
        title="API server takes no passwords from a file",
        scope="api_server",
        severity="high",
        actual="basic_auth_file",
        expected={"present": False},
        remediation="Remove --basic-auth-file; use client certificates, OIDC or ServiceAccounts.",
        references=cis_k8s(None, "1.2.2"),
    ),
    Control(
        id="k8s.api_server.token_auth",
        title="API server takes no static tokens from a file",
        scope="api_server",
        severity="high",
        actual="token_auth_file",
        expected={"present": False},
        remediation="Remove --token-auth-file: such tokens stand in plain text, and hold until the server restarts.",
        references=cis_k8s("1.2.2", "1.2.3"),
    ),
    Control(
        id="k8s.api_server.kubelet_https",
        title="API server speaks to kubelets over TLS",
        scope="api_server",
        severity="critical",
        actual="kubelet_https",
        expected={"equals": True},
        remediation="Remove --kubelet-https=false.",
        references=cis_k8s(None, "1.2.4"),
    ),
    Control(
        id="k8s.api_server.kubelet_client_certificate",
        title="API server shows kubelets a client certificate",
        scope="api_server",
        severity="high",
        actual="kubelet_client_certificate && kubelet_client_key",
        expected={"present": True},
        remediation="Set --kubelet-client-certificate and --kubelet-client-key.",
        references=cis_k8s("1.2.4", "1.2.5"),
    ),
    Control(
        id="k8s.api_server.kubelet_authority",
        title="API server checks the certificates of kubelets",
        scope="api_server",
        severity="high",
        actual="kubelet_certificate_authority",
        expected={"present": True},
        remediation="Set --kubelet-certificate-authority, and let kubelets have certificates that it signed.",
        rationale="Else whoever stands between them reads logs and runs commands in Pods.",
        references=cis_k8s("1.2.5", "1.2.6"),
    ),
    Control(
        id="k8s.api_server.always_allow",
        title="Not every request is allowed",
        scope="api_server",
        severity="critical",
        actual="authorization_mode",
        expected={"not_contains": "AlwaysAllow"},
        remediation="Set --authorization-mode=Node,RBAC.",
        references=cis_k8s("1.2.6", "1.2.7"),
    ),
    Control(
        id="k8s.api_server.node_authorizer",
        title="Kubelets may read no more than what their node needs",
        scope="api_server",
        severity="high",
        actual="authorization_mode",
        expected={"contains": "Node"},
        remediation="Add Node to --authorization-mode.",
        references=cis_k8s("1.2.7", "1.2.8"),
    ),
    Control(
        id="k8s.api_server.rbac",
        title="Access is decided by roles",
        scope="api_server",
        severity="high",
        actual="authorization_mode",
        expected={"contains": "RBAC"},
        remediation="Add RBAC to --authorization-mode.",
        references=cis_k8s("1.2.8", "1.2.9"),
    ),
    Control(
        id="k8s.api_server.insecure_bind_address",
        title="API server does not listen without TLS",
        scope="api_server",
        severity="critical",
        actual="insecure_bind_address",
        expected={"present": False},
        remediation="Remove --insecure-bind-address.",
        references=cis_k8s(None, "1.2.18"),
    ),
    Control(
        id="k8s.api_server.insecure_port",
        title="API server has no port without TLS",
        scope="api_server",
        severity="critical",
        actual="insecure_port",
        expected={"equals": 0},
        remediation="Set --insecure-port=0.",
        references=cis_k8s(None, "1.2.19"),
    ),
    Control(
        id="k8s.api_server.secure_port",
        title="API server serves TLS",
        scope="api_server",
        severity="high",
        actual="secure_port",
        expected={"not_equals": 0},
        remediation="Remove --secure-port=0.",
        references=cis_k8s(None, "1.2.20"),
    ),
    Control(
        id="k8s.api_server.service_account_lookup",
        title="Tokens of deleted ServiceAccounts are refused",
        scope="api_server",
        severity="high",
        actual="service_account_lookup",
        expected={"equals": True},
        remediation="Remove --service-account-lookup=false.",
        references=cis_k8s("1.2.21", "1.2.27"),
    ),
    Control(
        id="k8s.api_server.service_account_key",
        title="Tokens are checked with a key of their own",
        scope="api_server",
        severity="medium",
        actual="service_account_key_file",
        expected={"present": True},
        remediation="Set --service-account-key-file; the key of TLS must not sign tokens as well.",
        references=cis_k8s("1.2.22", "1.2.28"),
    ),
    Control(
        id="k8s.api_server.etcd_client_certificate",
        title="API server shows etcd a client certificate",
        scope="api_server",
        severity="high",
        actual="etcd_certfile && etcd_keyfile",
        expected={"present": True},
        remediation="Set --etcd-certfile and --etcd-keyfile.",
        references=cis_k8s("1.2.23", "1.2.29"),
    ),
    Control(
        id="k8s.api_server.tls_certificate",
        title="API server has a certificate of its own",
        scope="api_server",
        severity="medium",
        actual="tls_cert_file && tls_private_key_file",
        expected={"present": True},
        remediation="Set --tls-cert-file and --tls-private-key-file; without them it signs its own.",
        references=cis_k8s("1.2.24", "1.2.30"),
    ),
    Control(
        id="k8s.api_server.client_authority",
        title="Client certificates are checked",
        scope="api_server",
        severity="medium",
        actual="client_ca_file",
        expected={"present": True},
        remediation="Set --client-ca-file.",
        references=cis_k8s("1.2.25", "1.2.31"),
    ),
    Control(
        id="k8s.api_server.etcd_authority",
        title="API server checks the certificate of etcd",
        scope="api_server",
        severity="high",
        actual="etcd_cafile",
        expected={"present": True},
        remediation="Set --etcd-cafile.",
        references=cis_k8s("1.2.26", "1.2.32"),
    ),
    Control(
        id="k8s.api_server.encryption",
        title="Secrets are encrypted where they are stored",
        scope="api_server",
        severity="high",
        actual="encryption_provider_config",
        expected={"present": True},
        remediation="Set --encryption-provider-config (role k8s_apiserver does, and rewrites what is stored).",
        references=cis_k8s("1.2.27", "1.2.33"),
    ),
    Control(
        id="k8s.api_server.strong_ciphers",
        title="API server offers strong ciphers alone",
        scope="api_server",
        severity="low",
        actual="weak_ciphers",
        expected={"empty": True},
        evidence="{min_version: tls_min_version, suites: tls_cipher_suites}",
        remediation=(
            "Set --tls-cipher-suites to suites with ECDHE and GCM or CHACHA20, or --tls-min-version=VersionTLS13."
        ),
        references=cis_k8s("1.2.29", "1.2.35"),
    ),
    Control(
        id="k8s.api_server.token_extension",
        title="Mounted tokens hold as long as they say",
        scope="api_server",
        severity="low",
        actual="service_account_extend_token_expiration",
        expected={"equals": False},
        remediation=(
            "Set --service-account-extend-token-expiration=false when no client keeps a token for longer than an hour."
        ),
        references=cis_k8s("1.2.30", None),
    ),
)

# Used where the file can be read, which is on the host of the control plane.
ENCRYPTION_PROVIDERS = Control(
    id="k8s.api_server.encryption_providers",
    title="What is written is encrypted by a provider that does encrypt",
    scope="api_server",
    severity="high",
    actual="encryption_writer",
    expected={"in": ["aescbc", "secretbox", "aesgcm", "kms"]},
    when="encryption_provider_config",
    not_applicable="No API server has a configuration of encryption.",
    remediation="Put secretbox, aescbc or kms first in the list of providers: the first one writes.",
    references=cis_k8s("1.2.28", "1.2.34"),
)

ENCRYPTION_PROVIDERS_MANUAL = replace(
    ENCRYPTION_PROVIDERS,
    actual="",
    expected=None,
    when="",
    manual="The configuration of encryption is a file of the control plane: set control_plane where it runs.",
)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of etcd, by its flags. The facts are those of k8s/components/options.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

ETCD_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.etcd.tls",
        title="etcd serves clients over TLS",
        scope="etcd",
        severity="high",
        actual="cert_file && key_file",
        expected={"present": True},
        remediation="Set --cert-file and --key-file.",
        references=cis_k8s("2.1", "2.1"),
    ),
    Control(
        id="k8s.etcd.client_certificates",
        title="etcd asks clients for a certificate",
        scope="etcd",
        severity="critical",
        actual="client_cert_auth",
        expected={"equals": True},
        remediation="Set --client-cert-auth=true with --trusted-ca-file: whoever reaches etcd has the whole cluster.",
        references=cis_k8s("2.2", "2.2"),
    ),
    Control(
        id="k8s.etcd.auto_tls",
        title="etcd's certificate can be checked",
        scope="etcd",
        severity="high",
        actual="auto_tls",
        expected={"equals": False},
        remediation="Remove --auto-tls, and give it a certificate that an authority signed.",
        references=cis_k8s("2.3", "2.3"),
    ),
    Control(
        id="k8s.etcd.peer_tls",
        title="Members of etcd speak TLS",
        scope="etcd",
        severity="high",
        actual="peer_cert_file && peer_key_file",
        expected={"present": True},
        remediation="Set --peer-cert-file and --peer-key-file.",
        references=cis_k8s("2.4", "2.4"),
    ),
    Control(
        id="k8s.etcd.peer_certificates",
        title="Members of etcd ask each other for a certificate",
        scope="etcd",
        severity="high",
        actual="peer_client_cert_auth",
        expected={"equals": True},
        remediation="Set --peer-client-cert-auth=true with --peer-trusted-ca-file.",
        references=cis_k8s("2.5", "2.5"),
    ),
    Control(
        id="k8s.etcd.peer_auto_tls",
        title="Certificates of etcd's members can be checked",
        scope="etcd",
        severity="high",
        actual="peer_auto_tls",
        expected={"equals": False},
        remediation="Remove --peer-auto-tls.",
        references=cis_k8s("2.6", "2.6"),
    ),
    Control(
        id="k8s.etcd.own_authority",
        title="etcd trusts an authority of its own",
        scope="etcd",
        severity="medium",
        actual="trusted_ca_file && trusted_ca_file != api_client_ca_file",
        expected={"equals": True},
        evidence="{etcd: trusted_ca_file, api_server: api_client_ca_file}",
        remediation=(
            "Sign etcd's certificates with an authority that signs nothing else, and set --trusted-ca-file to it."
        ),
        rationale="Else every client certificate of the cluster opens etcd.",
        references=cis_k8s("2.7", "2.7"),
    ),
)

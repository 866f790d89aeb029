# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of the API server's admission plugins.

`admission_plugins` are those that are on, by flag or by default (k8s/components/options.py).
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

ADMISSION_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.api_server.deny_external_ips",
        title="Services cannot claim external addresses",
        scope="api_server",
        severity="medium",
        actual="admission_plugins",
        expected={"contains": "DenyServiceExternalIPs"},
        when="contains(available_plugins, 'DenyServiceExternalIPs')",
        not_applicable="This release does not have the admission plugin, or no API server can be seen.",
        remediation="Add DenyServiceExternalIPs to --enable-admission-plugins, unless Services need externalIPs.",
        rationale="Whoever may create a Service can otherwise take over the traffic to an address (CVE-2020-8554).",
        references=cis_k8s("1.2.3", None),
    ),
    Control(
        id="k8s.api_server.event_rate_limit",
        title="Nobody can flood the API server with events",
        scope="api_server",
        severity="low",
        actual="admission_plugins",
        expected={"contains": "EventRateLimit"},
        remediation="Add EventRateLimit to --enable-admission-plugins, with limits in --admission-control-config-file.",
        references=cis_k8s("1.2.9", "1.2.10"),
    ),
    Control(
        id="k8s.api_server.always_admit",
        title="Admission is not switched off",
        scope="api_server",
        severity="high",
        actual="admission_plugins",
        expected={"not_contains": "AlwaysAdmit"},
        remediation="Remove AlwaysAdmit from --enable-admission-plugins.",
        references=cis_k8s("1.2.10", "1.2.11"),
    ),
    Control(
        id="k8s.api_server.always_pull_images",
        title="Every start of a Pod checks the right to its image",
        scope="api_server",
        severity="low",
        actual="admission_plugins",
        expected={"contains": "AlwaysPullImages"},
        remediation="Add AlwaysPullImages to --enable-admission-plugins, where tenants share nodes.",
        references=cis_k8s("1.2.11", "1.2.12"),
    ),
    Control(
        id="k8s.api_server.pod_admission",
        title="Admission judges the security of Pods",
        scope="api_server",
        severity="high",
        actual="admission_plugins",
        expected={"contains_any": ["PodSecurityPolicy", "PodSecurity"]},
        evidence="{enabled: enable_admission_plugins, disabled: disable_admission_plugins}",
        remediation=(
            "Enable PodSecurityPolicy up to 1.24, PodSecurity (on by default from 1.23) later; role "
            "k8s_pod_security sets levels."
        ),
        references=cis_k8s("5.2.1", "1.2.16"),
    ),
    Control(
        id="k8s.api_server.security_context_deny",
        title="Pods are judged by policy, or may set no security context",
        scope="api_server",
        severity="medium",
        actual="admission_plugins",
        expected={"contains_any": ["SecurityContextDeny", "PodSecurityPolicy", "PodSecurity"]},
        remediation="Enable PodSecurityPolicy or PodSecurity; SecurityContextDeny is gone since 1.30.",
        references=cis_k8s(None, "1.2.13"),
    ),
    Control(
        id="k8s.api_server.service_account_admission",
        title="Pods get ServiceAccounts",
        scope="api_server",
        severity="medium",
        actual="admission_plugins",
        expected={"contains": "ServiceAccount"},
        remediation="Remove ServiceAccount from --disable-admission-plugins.",
        references=cis_k8s("1.2.12", "1.2.14"),
    ),
    Control(
        id="k8s.api_server.namespace_lifecycle",
        title="Nothing is created in namespaces that go or are not there",
        scope="api_server",
        severity="medium",
        actual="admission_plugins",
        expected={"contains": "NamespaceLifecycle"},
        remediation="Remove NamespaceLifecycle from --disable-admission-plugins.",
        references=cis_k8s("1.2.13", "1.2.15"),
    ),
    Control(
        id="k8s.api_server.node_restriction",
        title="A kubelet may change its own node and Pods alone",
        scope="api_server",
        severity="high",
        actual="admission_plugins",
        expected={"contains": "NodeRestriction"},
        remediation="Add NodeRestriction to --enable-admission-plugins.",
        references=cis_k8s("1.2.14", "1.2.17"),
    ),
    Control(
        id="k8s.api_server.image_policy_webhook",
        title="Images are admitted by somebody who knows where they come from",
        scope="api_server",
        severity="low",
        actual="admission_plugins",
        expected={"contains": "ImagePolicyWebhook"},
        remediation=(
            "Enable ImagePolicyWebhook, or an admission webhook or ValidatingAdmissionPolicy that does the same "
            "(role anchore_admission)."
        ),
        references=cis_k8s("5.5.1", "5.5.1"),
    ),
)

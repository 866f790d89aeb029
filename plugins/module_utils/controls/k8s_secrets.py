# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of Secrets: how old, who uses them, and where their content lies about.

The facts are those of k8s/collect/secrets.py. Nothing here depends on what a Secret holds.
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

_NO_TOKEN = "No Secret holds the token of a ServiceAccount."

SECRET_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.secret.copied_into_annotation",
        title="Secret has no copy of its content in an annotation",
        scope="secret",
        severity="high",
        actual="copied_into_annotation",
        expected={"equals": False},
        evidence="{type: type}",
        remediation=(
            "Change the secret. Apply it with --server-side (k8s_applyset does), and remove the annotation "
            "kubectl.kubernetes.io/last-applied-configuration."
        ),
        rationale="Annotations are shown by tools and in logs that take care not to show a Secret's data.",
    ),
    Control(
        id="k8s.secret.token_age",
        title="Token of a ServiceAccount is renewed before it is old",
        scope="secret",
        severity="medium",
        actual="age_days",
        expected={"at_most": 90},
        when="token",
        not_applicable=_NO_TOKEN,
        evidence="{service_account: service_account, used_by: used_by}",
        remediation="Delete the Secret, which ends the token, and let workloads use bound tokens (TokenRequest).",
        rationale="Such a token has no end: whoever copied it has it until the Secret is deleted.",
    ),
    Control(
        id="k8s.secret.long_lived_token",
        title="No token without an end was made by hand",
        scope="secret",
        severity="medium",
        actual="token",
        expected={"equals": False},
        when="token && !made_by_cluster",
        not_applicable=_NO_TOKEN,
        evidence="{service_account: service_account, age_days: age_days, last_used_days: last_used_days}",
        remediation="Ask for tokens that end (kubectl create token, k8s_credential), and delete this Secret.",
    ),
    Control(
        id="k8s.secret.token_unused",
        title="Token of a ServiceAccount is of one that a workload uses",
        scope="secret",
        severity="low",
        actual="account_used",
        expected={"equals": True},
        # The cluster makes these again, and nobody can delete an account that it makes again, too.
        when="token && !(made_by_cluster && (subject.namespace == 'kube-system' || service_account == 'default'))",
        not_applicable=_NO_TOKEN,
        evidence="{service_account: service_account, age_days: age_days, last_used_days: last_used_days}",
        remediation="Delete the ServiceAccount, or its token, unless somebody outside of the cluster needs it.",
    ),
    Control(
        id="k8s.secret.token_in_env",
        title="Token of a ServiceAccount is in no environment variable",
        scope="secret",
        severity="high",
        actual="env_of",
        expected={"empty": True},
        when="token",
        not_applicable=_NO_TOKEN,
        evidence="{service_account: service_account}",
        remediation="Mount it as a file, better as a projected token that ends.",
        references=cis_k8s("5.4.1", "5.4.1"),
    ),
    Control(
        id="k8s.secret.unused",
        title="Secret is used by a workload, a ServiceAccount or an Ingress",
        scope="secret",
        severity="low",
        actual="used",
        expected={"equals": True},
        when="!token && used != null",
        evidence="{type: type, age_days: age_days}",
        remediation="Delete it, if nobody reads it over the API; what is not there cannot leak.",
    ),
    Control(
        id="k8s.secret.external_store",
        title="Secrets are kept in a store outside of the cluster",
        scope="cluster",
        severity="low",
        manual="Whether a store of its own is worth its while depends on what the Secrets protect.",
        remediation="Consider an external store whose secrets the cluster only fetches.",
        references=cis_k8s("5.4.2", "5.4.2"),
    ),
)

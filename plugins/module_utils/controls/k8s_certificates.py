# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of certificates: whether they hold, and for how long. The facts are those of k8s/collect/certificates.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control

_EVIDENCE = "{not_after: not_after, common_name: common_name, issuer: issuer, places: places}"

CERTIFICATE_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.certificate.holds",
        title="Certificate holds today",
        scope="certificate",
        severity="critical",
        actual="holds",
        expected={"equals": True},
        evidence=_EVIDENCE,
        remediation="Renew it now (kubeadm certs renew, k8s_credential, or whatever issued it), and restart its user.",
    ),
    Control(
        id="k8s.certificate.days_left",
        title="Certificate holds for long enough to renew it in peace",
        scope="certificate",
        severity="high",
        actual="days_left",
        expected={"at_least": 30},
        when="holds",
        evidence=_EVIDENCE,
        remediation="Renew it before it ends, and let a machine do so next time.",
    ),
)

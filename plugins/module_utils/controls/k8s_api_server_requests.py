# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of what the API server records of requests, and how long it serves them.

The facts are those of k8s/components/options.py.
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

REQUEST_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.api_server.profiling",
        title="API server tells nothing about its insides",
        scope="api_server",
        severity="low",
        actual="profiling",
        expected={"equals": False},
        remediation="Set --profiling=false.",
        references=cis_k8s("1.2.15", "1.2.21"),
    ),
    Control(
        id="k8s.api_server.audit_log",
        title="Requests are recorded",
        scope="api_server",
        severity="high",
        actual="audit_log_path || audit_webhook_config_file",
        expected={"present": True},
        remediation="Set --audit-log-path and --audit-policy-file (role k8s_apiserver).",
        references=cis_k8s("1.2.16", "1.2.22"),
    ),
    Control(
        id="k8s.api_server.audit_log_age",
        title="Records of requests are kept for 30 days",
        scope="api_server",
        severity="low",
        actual="audit_log_maxage",
        expected={"at_least": 30},
        when="audit_log_path && audit_log_path != '-'",
        not_applicable="No API server that can be seen writes a file of records.",
        remediation="Set --audit-log-maxage=30, or more.",
        references=cis_k8s("1.2.17", "1.2.23"),
    ),
    Control(
        id="k8s.api_server.audit_log_backups",
        title="Ten old files of records are kept",
        scope="api_server",
        severity="low",
        actual="audit_log_maxbackup",
        expected={"at_least": 10},
        when="audit_log_path && audit_log_path != '-'",
        not_applicable="No API server that can be seen writes a file of records.",
        remediation="Set --audit-log-maxbackup=10, or more.",
        references=cis_k8s("1.2.18", "1.2.24"),
    ),
    Control(
        id="k8s.api_server.audit_log_size",
        title="A file of records may grow to 100 MB",
        scope="api_server",
        severity="low",
        actual="audit_log_maxsize",
        expected={"at_least": 100},
        when="audit_log_path && audit_log_path != '-'",
        not_applicable="No API server that can be seen writes a file of records.",
        remediation="Set --audit-log-maxsize=100, or more.",
        references=cis_k8s("1.2.19", "1.2.25"),
    ),
    Control(
        id="k8s.api_server.audit_policy",
        title="A policy says what is recorded",
        scope="api_server",
        severity="medium",
        actual="audit_policy_file",
        expected={"present": True},
        remediation="Set --audit-policy-file (role k8s_apiserver brings a policy).",
        references=cis_k8s("3.2.1", "3.2.1"),
    ),
    Control(
        id="k8s.api_server.request_timeout",
        title="Slow requests end",
        scope="api_server",
        severity="low",
        actual="request_timeout",
        expected={"at_most": 300},
        remediation="Set --request-timeout to no more than 300s.",
        references=cis_k8s("1.2.20", "1.2.26"),
    ),
)

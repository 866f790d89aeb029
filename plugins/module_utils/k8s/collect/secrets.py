# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subjects of scope `secret`, without ever asking for what a Secret holds.

The server prints them as a table (name, type, number of items) with their metadata. Of the annotations only the names
are looked at: what `kubectl apply` leaves there is a copy of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.ages import days_since
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.usage import Usage, Users

Facts = dict[str, Any]
Json = Mapping[str, Any]

_TOKEN = "kubernetes.io/service-account-token"
_COPY = "kubectl.kubernetes.io/last-applied-configuration"
_ACCOUNT = "kubernetes.io/service-account.name"
_LAST_USED = "kubernetes.io/legacy-token-last-used"
_OF_USERS = ("used", "used_by", "account_used", "env_of")
# Types whose users are no workloads: Helm's own records, kubeadm's bootstrap.
_USED_BY_TOOLS = ("helm.sh/", "bootstrap.kubernetes.io/token")


def collect_secrets(lists: Lists, usage: Usage, now: datetime, users_unread: str | None = None) -> Iterator[Facts]:
    """A subject each: {subject, type, items, age_days, token, service_account, account_used, last_used_days,
    made_by_cluster, used, used_by, env_of, copied_into_annotation}. Raises K8sError.

    `used` is null where users of such a Secret cannot be seen. `usage` must know the workloads, ServiceAccounts and
    Ingresses already; `users_unread` is why it does not know all of them.
    """
    version = lists.cluster.version
    for metadata, cells in lists.rows("/api/v1/secrets"):
        facts = secret_facts(metadata, cells, usage, now, version)
        if users_unread:
            facts["unknown"] = dict.fromkeys(_OF_USERS, users_unread)
        yield facts


def secret_facts(metadata: Json, cells: Json, usage: Usage, now: datetime, version: Version) -> Facts:
    """The facts of one Secret, from its metadata and the printed columns Type and Data."""
    name, namespace = str(metadata.get("name")), str(metadata.get("namespace"))
    annotations = metadata.get("annotations") or {}
    kind = str(cells.get("Type") or "")
    token = kind == _TOKEN
    account = str(annotations.get(_ACCOUNT) or "") if token else ""
    users, env = usage.secrets.get((namespace, name), Users()), usage.env_secrets.get((namespace, name), Users())
    last_used = (metadata.get("labels") or {}).get(_LAST_USED)
    return {
        "subject": {"kind": "Secret", "name": name, "namespace": namespace},
        "type": kind,
        "items": cells.get("Data"),
        "age_days": days_since(metadata.get("creationTimestamp"), now),
        "token": token,
        "service_account": account,
        "account_used": (namespace, account) in usage.service_accounts if token else None,
        "last_used_days": days_since(last_used, now) if last_used else None,
        "made_by_cluster": token and not version.at_least(1, 24) and name.startswith(f"{account}-token-"),
        "used": None if _used_elsewhere(kind, metadata) else users.count > 0,
        "used_by": users.first,
        "env_of": env.first,
        "copied_into_annotation": _COPY in annotations,
    }


def _used_elsewhere(kind: str, metadata: Json) -> bool:
    return kind.startswith(_USED_BY_TOOLS) or bool(metadata.get("ownerReferences"))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State revoked of k8s_credential: plan, keep a copy of everything, then take it away."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.account import (
    AccountReset,
    plan_reset,
    reset,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.authority import (
    known_certificates,
    rotation_plan,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import Certificate
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.grants import (
    Grant,
    bindings,
    granted_to_groups,
    grants_of,
    take_away,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.identity import own_names
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.issue import proof_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import (
    private_file,
    read_kubeconfig,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.token import Token
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    SERVICE_ACCOUNT,
    USER,
    Subject,
    implied_groups,
    service_account_of,
)

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What would be taken away, and what stays."""

    subject: Subject
    grants: Sequence[Grant]
    account: AccountReset | None
    kubeconfig: str | None
    removed: list[dict[str, str]]
    report: dict[str, Any]
    originals: list[Mapping[str, Any]] = field(repr=False, default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether there is anything to take away."""
        return bool(self.removed)


def revoke(cluster: Cluster, module: AnsibleModule) -> dict[str, Any]:
    """The result of the module. Raises K8sError; a plan that must not be carried out has touched nothing then."""
    params = module.params
    subject = _subject(params)
    _refuse_protected(cluster, params, subject)
    plan = _plan(cluster, params, subject)
    backup = ""
    if plan.changes and not module.check_mode:
        backup = _keep(plan, params["backup_dir"]) if plan.originals else ""
        _carry_out(cluster, plan)
    return {
        "changed": plan.changes,
        "removed": plan.removed,
        "backup": backup,
        "diff": {"before": "".join(f"{_line(row)}\n" for row in plan.removed), "after": ""},
        **plan.report,
    }


def _subject(params: Params) -> Subject:
    if params.get("user"):
        return Subject(USER, str(params["user"]))
    return Subject(SERVICE_ACCOUNT, str(params["service_account"]), str(params["namespace"]))


def _refuse_protected(cluster: Cluster, params: Params, subject: Subject) -> None:
    if service_account_of(subject.name):
        raise K8sError(f"{subject.name} is a ServiceAccount: name it by service_account and namespace")
    if subject.kind == USER and subject.name.startswith("system:"):
        raise K8sError(f"{subject.name} is a user of the cluster itself, which stops without it; it is not revoked")
    if subject.namespace in params["protected_namespaces"]:
        raise K8sError(f"Namespace {subject.namespace} is protected (protected_namespaces); nothing was touched")
    if subject.username in own_names(cluster, params):
        raise K8sError(f"This very run is {subject.username!r} to the cluster: it does not lock itself out")


def _plan(cluster: Cluster, params: Params, subject: Subject) -> Plan:
    wanted = params.get("remove_grants")
    every = list(bindings(cluster))
    grants = grants_of(subject, every) if (wanted if wanted is not None else subject.kind == USER) else []
    account = plan_reset(cluster, subject) if subject.kind == SERVICE_ACCOUNT else None
    held = _held(params, subject)
    groups = {*(params.get("groups") or ()), *(held.groups if isinstance(held, Certificate) else ())}
    kubeconfig = params["path"] if held is not None else None
    removed = [grant.as_dict() for grant in grants] + (account.removed() if account else [])
    if kubeconfig:
        removed.append({"kind": "kubeconfig", "namespace": "", "name": kubeconfig, "role": "", "action": "deleted"})
    originals = [{"kind": grant.kind, **grant.raw} for grant in grants] + ([account.raw] if account else [])
    report = {
        "remaining_access": granted_to_groups(groups | implied_groups(subject.username), every),
        "pods": list(account.pods) if account else [],
        **_certificates(cluster, subject, held),
    }
    return Plan(subject, grants, account, kubeconfig, removed, report, originals)


def _certificates(cluster: Cluster, subject: Subject, held: Certificate | Token | None) -> dict[str, Any]:
    """What concerns certificates, which are a user's only: those that are known, and the way to make them worthless."""
    if subject.kind != USER:
        return {"certificates": [], "ca_rotation": [], "warnings": []}
    own = [held] if isinstance(held, Certificate) else []
    known = known_certificates(cluster, subject.name, own)
    until = max((row["not_after"] for row in known), default="")
    warning = (
        "Kubernetes cannot revoke a client certificate: whoever has one of this user is let in"
        f" {f'until {until}' if until else 'for as long as it is valid, which the cluster does not know'},"
        " with what everybody and the user's groups may do. ca_rotation says what would end that"
    )
    return {"certificates": known, "ca_rotation": rotation_plan(cluster), "warnings": [warning]}


def _held(params: Params, subject: Subject) -> Certificate | Token | None:
    """The credential at `path`, where it is the subject's. Another's, or an odd file, is none of our business."""
    if not params.get("path"):
        return None
    try:
        held = read_kubeconfig(params["path"])
        proof = proof_of(held) if held is not None else None
    except K8sError:
        return None
    return proof if proof is not None and proof.user == subject.username else None


def _keep(plan: Plan, folder: str) -> str:
    """Write every object as it was into a file of its own, before any is touched. Returns its path."""
    folder = os.path.abspath(os.path.expanduser(folder))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    # A name of a user may hold anything; its hash may not.
    who = hashlib.sha256(plan.subject.username.encode()).hexdigest()[:12]
    path = os.path.join(folder, f"revoked-{who}-{datetime.now(timezone.utc):%Y%m%dT%H%M%S%f}.json")
    listing = {"apiVersion": "v1", "kind": "List", "items": [_restorable(raw) for raw in plan.originals]}
    with private_file(json.dumps(listing, indent=1), beside=path) as temporary:
        os.replace(temporary, path)
    return path


def _restorable(raw: Mapping[str, Any]) -> dict[str, Any]:
    """An object that `kubectl apply -f` takes: without what the server itself writes."""
    own = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink", "generation")
    metadata = {key: value for key, value in raw["metadata"].items() if key not in own}
    version = "v1" if raw.get("kind") == SERVICE_ACCOUNT else "rbac.authorization.k8s.io/v1"
    return {**raw, "apiVersion": version, "metadata": metadata}


def _carry_out(cluster: Cluster, plan: Plan) -> None:
    for grant in plan.grants:
        take_away(cluster, grant, plan.subject)
    if plan.account:
        reset(cluster, plan.account)
    if plan.kubeconfig:
        os.unlink(plan.kubeconfig)


def _line(row: Mapping[str, str]) -> str:
    where = f"{row['namespace']}/{row['name']}" if row["namespace"] else row["name"]
    return " ".join(filter(None, [row["kind"], where, row["role"], f"({row['action']})"]))

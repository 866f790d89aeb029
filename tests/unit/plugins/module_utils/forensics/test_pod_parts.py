# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a pod's evidence, from prepared answers of an API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.parts import take_parts
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.pod_parts import PodParts
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.pod_subject import PodSubject
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import Request
from tests.unit.listed_cluster import ListedCluster

SHOP = "/api/v1/namespaces/shop"
APPS = "/apis/apps/v1/namespaces/shop"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


def owned(kind: str, name: str, uid: str, by: dict[str, Any] | None = None) -> dict[str, Any]:
    reference = [{**by, "controller": True}] if by else []
    return {"kind": kind, "metadata": {"name": name, "namespace": "shop", "uid": uid, "ownerReferences": reference}}


def reference(kind: str, name: str, uid: str, version: str = "apps/v1") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "name": name, "uid": uid}


POD = {
    **owned("Pod", "web", "u-1", reference("ReplicaSet", "rs", "r-1")),
    "spec": {"nodeName": "n1", "containers": [{"env": [{"name": "DB_PASSWORD", "value": "correct-horse"}]}]},
    "status": {
        "containerStatuses": [
            {"name": "app", "containerID": "containerd://1", "restartCount": 1},
            {"name": "../../evil", "containerID": "", "restartCount": 0},
        ]
    },
}
POLICIES = [
    {"metadata": {"name": "all", "namespace": "shop"}, "spec": {"podSelector": {}}},
    {"metadata": {"name": "db", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "db"}}}},
]
ANSWERS: dict[str, Any] = {
    f"{SHOP}/pods/web": [POD],
    f"{SHOP}/pods/web/log": ["2026-01-31T12:00:00Z hello\n"],
    f"{SHOP}/events": [{"reason": "Killing"}],
    f"{APPS}/replicasets/rs": [owned("ReplicaSet", "rs", "r-1", reference("Deployment", "web", "d-1"))],
    f"{APPS}/deployments/web": [owned("Deployment", "web", "another")],
    "/api/v1/nodes/n1": [{"metadata": {"name": "n1"}}],
    "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies": POLICIES,
    **{f"{RBAC}/{kind}": [] for kind in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")},
}


def take(tmp_path: Path, answers: dict[str, Any], pod: dict[str, Any] = POD) -> tuple[dict[str, Any], Path]:
    cluster: Any = ListedCluster(answers)
    folder = EvidenceFolder(str(tmp_path), "set")
    request = Request(folder=str(tmp_path), case="INC-1")
    rows = take_parts(PodParts(cluster, PodSubject(pod), request, folder).parts())
    return {row["name"]: (row["status"], row["reason"]) for row in rows}, Path(folder.path, "pod")


def test_everything_there_is(tmp_path: Path) -> None:
    parts, folder = take(tmp_path, ANSWERS)
    assert {name for name, (status, _reason) in parts.items() if status != "taken"} == set()
    assert "correct-horse" not in (folder / "pod.json").read_text()
    owners = json.loads((folder / "owners.json").read_text())
    assert [(each["object"]["kind"], each["is_the_owner"]) for each in owners] == [
        ("ReplicaSet", True),
        ("Deployment", False),
    ]
    assert [each["metadata"]["name"] for each in json.loads((folder / "network_policies.json").read_text())] == ["all"]
    assert {file.name for file in (folder / "logs").iterdir()} == {"app.log", "app.previous.log", "_.._evil.log"}


@pytest.mark.parametrize(
    ("path", "part", "status"),
    [
        (f"{SHOP}/events", "pod/events", "error"),
        (f"{APPS}/deployments/web", "pod/owners", "partial"),
        ("/api/v1/nodes/n1", "pod/node", "error"),
        (f"{RBAC}/roles", "pod/access", "error"),
        (f"{SHOP}/pods/web/log", "pod/logs/app", "error"),
    ],
)
def test_what_may_not_be_read_is_recorded_and_the_rest_goes_on(
    tmp_path: Path, path: str, part: str, status: str
) -> None:
    parts, folder = take(tmp_path, {**ANSWERS, path: 403})
    assert parts[part][0] == status
    assert "may not be read" in parts[part][1]
    assert parts["pod/pod"][0] == "taken"
    assert (folder / "pod.json").exists()


def test_a_log_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    parts, _folder = take(tmp_path, {**ANSWERS, f"{SHOP}/pods/web/log": 400})
    assert parts["pod/logs/app/previous"][0] == "skipped"


def test_a_pod_that_was_replaced_meanwhile_is_not_taken_for_it(tmp_path: Path) -> None:
    parts, folder = take(tmp_path, {**ANSWERS, f"{SHOP}/pods/web": [owned("Pod", "web", "u-2")]})
    assert parts["pod/pod"] == ("skipped", "the pod was replaced meanwhile")
    assert not (folder / "pod.json").exists()


def test_an_owner_of_another_kind_is_named(tmp_path: Path) -> None:
    pod = {**owned("Pod", "web", "u-1", reference("Rollout", "web", "o-1", "argoproj.io/v1")), "spec": {}}
    parts, folder = take(tmp_path, {**ANSWERS, f"{SHOP}/pods/web": [pod]}, pod)
    assert parts["pod/owners"] == ("partial", "Rollout web: owners of this kind are not followed")
    assert json.loads((folder / "owners.json").read_text())[0]["reference"]["kind"] == "Rollout"
    assert parts["pod/node"][0] == "skipped"

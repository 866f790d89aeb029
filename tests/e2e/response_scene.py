# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of a response on a real API server: who they act as, what they act upon, and what they need to be allowed."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bulkhead_response.actions import ACTIONS
from bulkhead_response.alert import Alert
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.notify import NOTIFICATIONS
from bulkhead_response.outcome import Outcome
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.rest import Rest
from tests.unit.roles.response_engine.answering import an_alert, run

RBAC = "rbac.authorization.k8s.io"
DRIFTED = "drifted policy"
"""In place of a kind of owner: the pod has none, and the policy that isolates it is not as it was."""
SECRET = "correct-horse-battery-staple"
Grant = tuple[str, str, str, str]
"""(scope, API group, resource, verb)"""


def settings(kubeconfig: Path, folder: Path) -> dict[str, str]:
    """The runner's own settings for whom a kubeconfig of the lab names."""
    content = json.loads(kubeconfig.read_text())
    cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
    folder.mkdir(exist_ok=True)
    given = {"server": cluster["server"]}
    for name, data in {
        "ca_file": cluster["certificate-authority-data"],
        "cert_file": user.get("client-certificate-data"),
        "key_file": user.get("client-key-data"),
        "token_file": base64.b64encode(user["token"].encode()).decode() if "token" in user else None,
    }.items():
        if data is not None:
            file = folder / name
            file.touch(0o600)
            file.write_bytes(base64.b64decode(data))
            given[name] = str(file)
    return given


def act(
    name: str, params: Mapping[str, Any], alert: Alert, given: Mapping[str, str], *, dry_run: bool = False
) -> Outcome:
    """What comes of one step for one alert."""
    return act_all([(name, params, alert)], given, dry_run=dry_run)[0]


def act_all(
    steps: Sequence[tuple[str, Mapping[str, Any], Alert]], given: Mapping[str, str], *, dry_run: bool = False
) -> list[Outcome]:
    """What comes of several steps at the same time."""

    async def play() -> list[Outcome]:
        kubernetes = KubernetesApi(given)
        table = {**dict(ACTIONS), **dict(NOTIFICATIONS)}
        try:
            return await asyncio.gather(
                *(
                    run(table[name](params), alert, kubernetes=kubernetes, dry_run=dry_run)
                    for name, params, alert in steps
                )
            )
        finally:
            await kubernetes.close()

    return asyncio.run(play())


def single_grants(rules: Sequence[Mapping[str, Any]]) -> list[Grant]:
    """Rules of the table of permissions, each verb on each resource on its own."""
    return sorted(
        {
            (rule["scope"], group, resource, verb)
            for rule in rules
            for group in rule["api_groups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }
    )


def _bound(kind: str, name: str, namespace: str, user: str, grants: Sequence[Grant]) -> list[dict[str, Any]]:
    rules = [
        {"apiGroups": [group], "resources": [resource], "verbs": [verb]} for _scope, group, resource, verb in grants
    ]
    metadata = {"name": name, **({"namespace": namespace} if kind == "Role" else {})}
    role = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules}
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
    }
    return [role, binding]


@dataclass(frozen=True)
class Scene:
    """A namespace with a workload and its pod, a node of its own, and a ServiceAccount with a token."""

    cluster: Kubernetes
    rest: Rest
    namespace: str
    alert: Alert

    @property
    def node(self) -> str:
        """The node that the pod runs on."""
        return f"node-{self.namespace}"

    def list(self, path: str) -> list[dict[str, Any]]:
        """The objects of a list: `pods` of the namespace, or a whole path."""
        where = path if path.startswith("/") else f"/api/v1/namespaces/{self.namespace}/{path}"
        status, answer = self.rest.send("GET", where)
        assert status == 200, answer
        items: list[dict[str, Any]] = answer["items"]
        return items

    def versions(self) -> dict[str, str]:
        """{uid: resourceVersion} of everything that a step could change."""
        apps = f"/apis/apps/v1/namespaces/{self.namespace}"
        paths = [
            *("pods", "events", "secrets", "serviceaccounts", "replicationcontrollers", "/api/v1/nodes"),
            *(f"{apps}/{kind}" for kind in ("deployments", "replicasets", "statefulsets", "daemonsets")),
            f"/apis/networking.k8s.io/v1/namespaces/{self.namespace}/networkpolicies",
        ]
        found = [item["metadata"] for path in paths for item in self.list(path)]
        return {metadata["uid"]: metadata["resourceVersion"] for metadata in found}

    def user(self, grants: Sequence[Grant]) -> Path:
        """The kubeconfig of a new user who may do this and nothing else, as soon as the API server knows it."""
        user = f"steps-{uuid.uuid4().hex[:8]}"
        kubeconfig = self.cluster.user(user)
        inside = [grant for grant in grants if grant[0] == "namespace"]
        beyond = [grant for grant in grants if grant[0] == "cluster"]
        for made in (
            *_bound("Role", user, self.namespace, user, inside),
            *(_bound("ClusterRole", user, "", user, beyond) if beyond else []),
        ):
            at = f"/namespaces/{self.namespace}" if "namespace" in made["metadata"] else ""
            self.rest.create(f"/apis/{RBAC}/v1{at}/{made['kind'].lower()}s", made)
        for grant in (*inside[-1:], *beyond[-1:]):
            self.cluster.processes.wait("grant", partial(self._may, user, grant), ["kube-apiserver"])
        return kubeconfig

    def _may(self, user: str, grant: Grant) -> bool:
        scope, group, resource, verb = grant
        plural, _slash, part = resource.partition("/")
        asked = {"verb": verb, "group": group, "resource": plural, "subresource": part}
        spec = {
            "user": user,
            "resourceAttributes": {**asked, **({"namespace": self.namespace} if scope == "namespace" else {})},
        }
        answer = self.rest.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": spec})
        return bool(answer["status"].get("allowed"))


def _template() -> dict[str, Any]:
    environment = [{"name": "PASSWORD", "value": SECRET}]
    containers = [{"name": "main", "image": "registry.example.com/web:1", "env": environment}]
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers, "serviceAccountName": "robot"}}


def _workload(rest: Rest, namespace: str, kind: str) -> dict[str, Any]:
    """The reference to a controller of this kind; none for "". Nobody makes its pods: there are no controllers."""
    if kind == DRIFTED:
        metadata = {"name": "bulkhead-isolated", "labels": {"app.kubernetes.io/managed-by": "bulkhead-response"}}
        policy = {"metadata": metadata, "spec": {"podSelector": {}, "ingress": [{}]}}
        rest.create(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", policy)
    if kind in ("", DRIFTED):
        return {}
    selector: dict[str, Any] = {"matchLabels": {"app": "web"}}
    spec: dict[str, Any] = {"selector": selector, "template": _template(), "serviceName": "web", "replicas": 3}
    root, owner = "/apis/apps/v1", {}
    if kind == "ReplicationController":
        root, spec["selector"] = "/api/v1", selector["matchLabels"]
    elif kind == "Job":
        root = "/apis/batch/v1"
        template = _template()
        template["spec"]["restartPolicy"] = "Never"
        spec = {"selector": selector, "manualSelector": True, "template": template}
    elif kind == "Deployment":
        _make(rest, root, namespace, kind, spec, {})
        owner = _reference(rest, root, namespace, "Deployment")
        kind = "ReplicaSet"
    _make(rest, root, namespace, kind, spec, owner)
    return _reference(rest, root, namespace, kind)


def _make(rest: Rest, root: str, namespace: str, kind: str, spec: dict[str, Any], owner: dict[str, Any]) -> None:
    fields = {
        "Job": ("selector", "manualSelector", "template"),
        "DaemonSet": ("selector", "template"),
        "StatefulSet": ("selector", "template", "serviceName", "replicas"),
    }.get(kind, ("selector", "template", "replicas"))
    body = {
        "apiVersion": root.partition("/api")[2].lstrip("s/") if root != "/api/v1" else "v1",
        "kind": kind,
        "metadata": {"name": "web", **owner},
        "spec": {name: spec[name] for name in fields},
    }
    rest.create(f"{root}/namespaces/{namespace}/{kind.lower()}s", body)


def _reference(rest: Rest, root: str, namespace: str, kind: str) -> dict[str, Any]:
    _status, made = rest.send("GET", f"{root}/namespaces/{namespace}/{kind.lower()}s/web")
    api = {"apiVersion": made["apiVersion"], "kind": kind, "name": "web", "uid": made["metadata"]["uid"]}
    return {"ownerReferences": [{**api, "controller": True, "blockOwnerDeletion": False}]}


def _make_node(rest: Rest, name: str) -> None:
    rest.create("/api/v1/nodes", {"metadata": {"name": name}})
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    rest.send("PATCH", f"/api/v1/nodes/{name}/status", ready, "application/merge-patch+json")
    # Where no controller says that it is ready, it keeps the taint that the API server gave it.
    rest.send("PATCH", f"/api/v1/nodes/{name}", {"spec": {"taints": None}}, "application/merge-patch+json")


def _make_pod(rest: Rest, namespace: str, name: str, node: str, owner: dict[str, Any]) -> dict[str, Any]:
    template = _template()
    metadata = {"name": name, **template["metadata"], **owner}
    pods = f"/api/v1/namespaces/{namespace}/pods"
    spec = {**template["spec"], "nodeName": node}
    made: dict[str, Any] = rest.create(pods, {"metadata": metadata, "spec": spec})
    status = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {
                "name": "main",
                "containerID": f"docker://{uuid.uuid4().hex * 2}",
                "image": "i",
                "imageID": "i",
                "ready": True,
                "restartCount": 0,
                "state": {"running": {}},
            }
        ],
    }
    rest.send("PATCH", f"{pods}/{name}/status", {"status": status}, "application/merge-patch+json")
    return made


def make_scene(cluster: Kubernetes, rest: Rest, owner: str = "Deployment") -> Scene:
    """A new one, on a cluster of mode `api`. owner: the kind of the pod's controller; "" for none."""
    namespace = f"steps-{uuid.uuid4().hex[:8]}"
    rest.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    node = f"node-{namespace}"
    _make_node(rest, node)
    core = f"/api/v1/namespaces/{namespace}"
    account = rest.create(f"{core}/serviceaccounts", {"metadata": {"name": "robot"}})
    annotations = {
        "kubernetes.io/service-account.name": "robot",
        "kubernetes.io/service-account.uid": account["metadata"]["uid"],
    }
    token = {
        "metadata": {"name": "robot-token", "annotations": annotations},
        "type": "kubernetes.io/service-account-token",
    }
    rest.create(f"{core}/secrets", {**token, "data": {"token": "eA=="}})
    rest.create(f"{core}/secrets", {"metadata": {"name": "other"}, "data": {"token": "eA=="}})
    reference = _workload(rest, namespace, owner)
    pod = _make_pod(rest, namespace, "web-1", node, reference)
    _make_pod(rest, namespace, "web-2", node, reference)
    alert = an_alert(id=uuid.uuid4().hex, namespace=namespace, pod="web-1", pod_uid=pod["metadata"]["uid"], node=node)
    return Scene(cluster, rest, namespace, alert)

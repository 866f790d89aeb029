# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts from the audit events of a real API server, which sends them by the policy of the role k8s_apiserver."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from bulkhead_response.alert import Alert
from bulkhead_response.audit_rules import alerts_of, known_from
from tests.e2e.audit_webhook import Received, audited_cluster, kubelet_for, receiver, webhook_file
from tests.lab.kubernetes import Kubernetes

SECRET = "correct-horse-battery"


class Audited:
    """A cluster, and the alerts that its events are worth."""

    def __init__(self, cluster: Kubernetes, received: Received) -> None:
        self.cluster = cluster
        self.received = received

    def alerts(self, known: dict[str, list[str]] | None = None) -> list[Alert]:
        """Of all events since the last time. Nothing of what the cluster does by itself may be among them."""
        events, self.received[:] = list(self.received), []
        return [alert for event in events for alert in alerts_of(event, known_from(known or {}))]

    def ask(self, *arguments: str, as_user: str = "") -> list[str]:
        """The names of the rules that what kubectl did breaks."""
        self.alerts()
        asked = [f"--as={as_user}"] * bool(as_user)
        self.cluster.kubectl(*arguments, *asked)
        return sorted({alert.rule for alert in self.alerts()})

    def apply(self, definition: dict[str, Any]) -> list[Alert]:
        """The alerts of making an object."""
        self.alerts()
        self.cluster.kubectl("create", "-f", "-", input=json.dumps(definition))
        return self.alerts()


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    with receiver() as (port, received):
        webhook = webhook_file(tmp_path_factory.mktemp("audit"), f"http://127.0.0.1:{port}/")
        # An event is at the webhook before its request is answered.
        with audited_cluster(webhook, "--audit-webhook-mode=blocking") as cluster:
            cluster.make_namespace("shop")
            yield Audited(cluster, received)


def pod(name: str | None, **spec: Any) -> dict[str, Any]:
    metadata = {"namespace": "shop", **({"name": name} if name else {"generateName": "web-"})}
    containers = [{"name": "c", "image": "registry.test/web:1"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}


def test_a_pod_that_is_privileged_is_told_with_the_name_and_uid_that_it_got(audited: Audited) -> None:
    assert audited.apply(pod("plain")) == []
    [alert] = audited.apply(pod(None, hostPID=True))
    assert (alert.rule, alert.priority) == ("Privileged pod created", "critical")
    named = audited.cluster.kubectl("-n", "shop", "get", "pods", "-o", "jsonpath={.items[*].metadata.uid}")
    assert alert.target.pod_uid in named.split()
    assert alert.target.pod.startswith("web-")
    assert alert.target.namespace == "shop"
    container = {"name": "c", "image": "x", "securityContext": {"privileged": True}}
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [container]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x", "namespace": "shop"},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "x"}}, "template": template},
    }
    [alert] = audited.apply(deployment)
    assert alert.fields["what"] == "privileged container c"
    assert alert.target.pod == ""
    volumes = [{"name": "sock", "hostPath": {"path": "/var/run/docker.sock"}}]
    [alert] = audited.apply(pod("mounts", volumes=volumes))
    assert alert.rule == "Sensitive host path mounted"


def test_a_change_that_only_patches_is_judged_by_what_came_of_it(audited: Audited) -> None:
    made = audited.ask("create", "clusterrolebinding", "boss", "--clusterrole=cluster-admin", "--user=eve")
    assert made == ["Cluster-admin granted"]
    patch = json.dumps([{"op": "add", "path": "/subjects/-", "value": {"kind": "User", "name": "mallory"}}])
    audited.alerts()
    audited.cluster.kubectl("patch", "clusterrolebinding", "boss", "--type=json", "-p", patch)
    [alert] = audited.alerts()
    assert "mallory" in alert.fields["what"]
    assert audited.ask("create", "clusterrolebinding", "view-all", "--clusterrole=view", "--user=eve") == []
    open_door = audited.ask(
        "create", "clusterrolebinding", "open", "--clusterrole=view", "--group=system:unauthenticated"
    )
    assert open_door == ["Rights granted to anonymous users"]
    assert audited.ask("create", "clusterrole", "all", "--verb=*", "--resource=*.*") == [
        "Role with every right written"
    ]


def test_secrets_are_read_by_strangers_unless_they_are_known(audited: Audited) -> None:
    made = audited.ask("-n", "shop", "create", "secret", "generic", "db", f"--from-literal=password={SECRET}")
    assert made == []
    audited.cluster.kubectl("-n", "shop", "get", "secret", "db")
    events = list(audited.received)
    assert [alert.rule for alert in audited.alerts()] == ["Secret read by a stranger"]
    assert SECRET not in json.dumps(events)
    for known in ({"secret_read": ["adm*"]}, {"any": ["group:system:masters"]}):
        audited.cluster.kubectl("-n", "shop", "get", "secret", "db")
        assert audited.alerts(known) == []
    audited.cluster.kubectl("-n", "shop", "get", "secret", "nothing", check=False)
    assert audited.alerts() == []


def test_a_configmap_with_credentials_is_told_without_them(audited: Audited) -> None:
    data = {"db_password": SECRET, "app.ini": f"[db]\nurl=postgres://u:{SECRET}@db/x\n", "colour": "red"}
    definition = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": data}
    [alert] = audited.apply(definition)
    assert alert.rule == "ConfigMap with credentials"
    assert alert.fields["what"] == "app.ini (a URL with a password), db_password (by its name)"
    assert SECRET not in repr(alert)
    assert audited.ask("-n", "shop", "create", "configmap", "plain", "--from-literal=colour=red") == []
    assert audited.ask("-n", "shop", "get", "configmap", "c") == []


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_shell_is_told_when_it_begins_however_it_is_asked_for(audited: Audited, method: str) -> None:
    node, name = f"node-{method.lower()}", f"shell-{method.lower()}"
    with kubelet_for(audited.cluster, node), audited.cluster.rest() as rest:
        rest.create("/api/v1/namespaces/shop/pods", pod(name, nodeName=node))
        audited.alerts()
        _upgrade(
            audited.cluster,
            method,
            f"/api/v1/namespaces/shop/pods/{name}/exec?command=sh&command={SECRET}&stdout=1&container=c",
        )
        events = list(audited.received)
        alerts = audited.alerts()
    assert {alert.rule for alert in alerts} == {"Exec or attach to a pod"}
    assert {alert.id for alert in alerts} == {alerts[0].id}
    assert (alerts[0].target.namespace, alerts[0].target.pod, alerts[0].target.container) == ("shop", name, "c")
    assert alerts[0].fields["what"] == "exec sh"
    assert SECRET not in repr(alerts)
    assert events[0]["stage"] == "ResponseStarted"


def _upgrade(cluster: Kubernetes, method: str, path: str) -> None:
    """Ask for a stream as kubectl does, old and new, and read to its end."""
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    context.load_cert_chain(cluster.workdir / "pki" / "admin.crt", cluster.workdir / "pki" / "admin.key")
    connection = http.client.HTTPSConnection("127.0.0.1", cluster.port, context=context, timeout=60)
    spdy = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1", "X-Stream-Protocol-Version": "v4.channel.k8s.io"}
    connection.request(method, path, headers=spdy)
    assert connection.getresponse().status == 101
    connection.close()


def test_whoever_acts_for_another_or_for_nobody_is_told(audited: Audited) -> None:
    audited.alerts()
    refused = audited.cluster.kubectl("get", "namespaces", "--as=nobody", check=False)
    assert "Forbidden" in refused
    assert audited.alerts() == []
    assert audited.ask("get", "namespaces", "--as=nobody", "--as-group=system:masters") == [
        "Request in the name of another"
    ]
    with audited.cluster.rest() as rest:
        account = rest.create("/api/v1/namespaces/shop/serviceaccounts", {"metadata": {"name": "robot"}})
        assert account["metadata"]["name"] == "robot"
        audited.alerts()
        rest.create("/api/v1/namespaces/shop/serviceaccounts/robot/token", {"spec": {"expirationSeconds": 600}})
    assert [alert.rule for alert in audited.alerts()] == ["ServiceAccount token made"]
    audited.cluster.kubectl("create", "clusterrole", "reader", "--verb=list", "--resource=namespaces")
    grant = ("create", "clusterrolebinding", "reader", "--clusterrole=reader", "--user=system:anonymous")
    assert audited.ask(*grant) == ["Rights granted to anonymous users"]
    assert _anonymously(audited.cluster, "/healthz") == 200
    assert _anonymously(audited.cluster, "/api/v1/secrets") == 403
    assert audited.alerts() == []
    assert _anonymously(audited.cluster, "/api/v1/namespaces") == 200
    assert [alert.rule for alert in audited.alerts()] == ["Anonymous request allowed"]


def _anonymously(cluster: Kubernetes, path: str) -> int:
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", cluster.port, context=context, timeout=60)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_chosen_audit_id_hides_no_later_request(audited: Audited) -> None:
    audited.alerts()
    context = ssl.create_default_context(cafile=str(audited.cluster.ca_file))
    pki = audited.cluster.workdir / "pki"
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    connection = http.client.HTTPSConnection("127.0.0.1", audited.cluster.port, context=context, timeout=60)
    for _each in range(2):
        connection.request("GET", "/api/v1/namespaces/shop/secrets", headers={"Audit-ID": "same"})
        connection.getresponse().read()
    connection.close()
    events = list(audited.received)
    assert [event["auditID"] for event in events] == ["same", "same"]
    assert len({alert.id for alert in audited.alerts()}) == 2

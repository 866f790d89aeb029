# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of Falco on a cluster: least privileges, new pods for a new configuration, egress to the receiver."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config import falco_config
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.network import to_url
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.objects import (
    DEFAULTS,
    falco_objects,
)

CAPABILITIES = ["BPF", "PERFMON", "SYS_RESOURCE", "SYS_PTRACE", "DAC_READ_SEARCH"]
LABEL = "kubernetes.io/metadata.name"


def deployed(config: dict[str, Any] | None = None, **options: Any) -> dict[str, dict[str, Any]]:
    """The objects by kind/name, of a deployment with these options."""
    declared = {
        **DEFAULTS,
        "config": falco_config(config or {}, version="0.43.1", platform="kubernetes"),
        "image": "falco:1",
        "capabilities": CAPABILITIES,
        "container_sockets": ["/run/containerd/containerd.sock"],
        **options,
    }
    objects = falco_objects(declared, json.dumps(declared["config"]))
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in objects}


def pod(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return dict(objects["DaemonSet/falco"]["spec"]["template"]["spec"])


def test_the_pod_may_do_what_it_needs_and_nothing_else() -> None:
    spec = pod(deployed())
    [container] = spec["containers"]
    assert container["securityContext"] == {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": CAPABILITIES},
    }
    assert not {"hostPID", "hostNetwork", "hostIPC"} & set(spec)
    assert not spec["automountServiceAccountToken"]
    writable = [mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["tmp"]
    paths = {volume["hostPath"]["path"] for volume in spec["volumes"] if "hostPath" in volume}
    assert paths == {"/proc", "/sys/kernel", "/etc/passwd", "/etc/group", "/run/containerd/containerd.sock"}
    names = [volume["name"] for volume in spec["volumes"]]
    assert len(set(names)) == len(names)
    assert {mount["name"] for mount in container["volumeMounts"]} == set(names)


def test_what_is_mounted_makes_new_pods_when_it_changes() -> None:
    def annotations(objects: dict[str, dict[str, Any]]) -> Any:
        return objects["DaemonSet/falco"]["spec"]["template"]["metadata"]["annotations"]

    same, config = annotations(deployed()), annotations(deployed({"priority": "debug"}))
    rules = annotations(deployed(rules={"a.yaml": "- list: x\n  items: []\n"}))
    assert annotations(deployed()) == same
    assert config["bulkhead.io/config"] != same["bulkhead.io/config"]
    assert config["bulkhead.io/rules"] == same["bulkhead.io/rules"] != rules["bulkhead.io/rules"]
    assert same["container.apparmor.security.beta.kubernetes.io/falco"] == "unconfined"
    assert "container.apparmor.security.beta.kubernetes.io/falco" not in annotations(
        deployed(apparmor_unconfined=False)
    )


def test_outputs_are_not_buffered_unless_that_is_declared() -> None:
    assert pod(deployed())["containers"][0]["args"] == ["/usr/bin/falco", "-U"]
    assert pod(deployed({"buffered_outputs": True}))["containers"][0]["args"] == ["/usr/bin/falco"]


def test_probes_ask_where_the_webserver_is() -> None:
    server = {"listen_port": 9000, "ssl_enabled": True, "k8s_healthz_endpoint": "/ok"}
    [container] = pod(deployed({"webserver": server}))["containers"]
    assert container["livenessProbe"]["httpGet"] == {"path": "/ok", "port": "web", "scheme": "HTTPS"}
    assert container["ports"][0]["containerPort"] == 9000
    assert "livenessProbe" not in pod(deployed({"webserver": {"enabled": False}}))["containers"][0]


def test_a_certificate_is_mounted_and_nobody_else_reads_it() -> None:
    assert not [volume for volume in pod(deployed())["volumes"] if "secret" in volume]
    [volume] = [volume for volume in pod(deployed(tls_secret="client"))["volumes"] if "secret" in volume]
    assert volume["secret"] == {"secretName": "client", "defaultMode": 0o400}


def test_the_namespace_says_that_falco_is_privileged_where_it_is_ours() -> None:
    labels = deployed()["Namespace/falco"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
    assert "Namespace/falco" not in deployed(create_namespace=False)


def test_egress_goes_to_the_receiver_and_the_dns_alone() -> None:
    http = {"http_output": {"enabled": True, "url": "https://ingest.response.svc.cluster.local:2801/"}}
    spec = deployed(http, dns_labels={"k8s-app": "kube-dns"})["NetworkPolicy/falco"]["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == []
    dns, receiver = spec["egress"]
    assert {one["port"] for one in dns["ports"]} == {53}
    assert receiver["to"] == [{"namespaceSelector": {"matchLabels": {LABEL: "response"}}}]
    assert len(deployed()["NetworkPolicy/falco"]["spec"]["egress"]) == 1
    peers: list[dict[str, Any]] = [{"podSelector": {}}]
    assert deployed(metrics_peers=peers)["NetworkPolicy/falco"]["spec"]["ingress"][0]["from"] == peers
    assert "NetworkPolicy/falco" not in deployed(network_policy=False)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://192.0.2.7/", {"to": [{"ipBlock": {"cidr": "192.0.2.7/32"}}], "ports": [443]}),
        ("http://[2001:db8::1]:8080/", {"to": [{"ipBlock": {"cidr": "2001:db8::1/128"}}], "ports": [8080]}),
        ("https://a.b.svc:1/", {"to": [{"namespaceSelector": {"matchLabels": {LABEL: "b"}}}], "ports": [1]}),
        ("https://response.example.com:2801/", {"ports": [2801]}),
    ],
)
def test_a_url_becomes_egress(url: str, rule: dict[str, Any]) -> None:
    [found] = to_url(url, LABEL)
    assert {**found, "ports": [one["port"] for one in found["ports"]]} == rule


@pytest.mark.parametrize("url", ["https://:80/", "https://x:99999/", "ftp://x/"])
def test_a_url_that_nobody_can_reach_is_refused(url: str) -> None:
    with pytest.raises(FalcoError, match="is no URL that alerts can be sent to"):
        to_url(url, LABEL)


def test_the_grant_of_a_pod_security_policy_is_for_falco_alone() -> None:
    objects = deployed(pod_security_policy=True, namespace="watch")
    policy = objects["PodSecurityPolicy/bulkhead-falco-watch"]
    assert policy["spec"]["allowedCapabilities"] == CAPABILITIES
    assert all(path["readOnly"] for path in policy["spec"]["allowedHostPaths"])
    [rule] = objects["Role/falco-pod-security"]["rules"]
    assert rule["resourceNames"] == ["bulkhead-falco-watch"]
    [subject] = objects["RoleBinding/falco-pod-security"]["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "falco", "namespace": "watch"}
    assert not [name for name in deployed() if "Role" in name or "PodSecurityPolicy" in name]


def test_falcosidekick_keeps_its_configuration_in_a_secret() -> None:
    sidekick = {"image": "s:1", "config": {"slack": {"webhookurl": "https://hooks/secret"}}, "replicas": 1}
    objects = deployed(sidekick={**sidekick, "resources": {}, "egress": [], "tls_secret": "certs"})
    assert set(objects["Secret/falcosidekick"]["data"]) == {"config.yaml"}
    assert "hooks" not in json.dumps({name: one for name, one in objects.items() if name != "Secret/falcosidekick"})
    spec = objects["Deployment/falcosidekick"]["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert {"name": "tls", "secret": {"secretName": "certs", "defaultMode": 0o440}} in spec["volumes"]
    [ingress] = objects["NetworkPolicy/falcosidekick"]["spec"]["ingress"]
    assert ingress["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "falco"}}}]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role falco on a real API server, and on a host with a program that stands in for Falco, which cannot run here."""

from __future__ import annotations

import json
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.ansible import PlaybookResult, run_module, run_playbook
from tests.lab.kubernetes import Kubernetes

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.falco]
"""
# Says yes to --dry-run and -V, unless the configuration or a rule has the word that it was told to refuse.
STAND_IN = """#!/bin/sh
for argument; do last=$argument; done
if grep -qs FORBIDDEN "$last"; then echo "Error: FORBIDDEN" >&2; exit 1; fi
exit 0
"""


def role(folder: Path, *, check: bool = False, **options: Any) -> PlaybookResult:
    playbook = folder / "play.yml"
    playbook.write_text(PLAY)
    variables = {f"falco_{name}": value for name, value in options.items()}
    return run_playbook(playbook, extra_vars=variables, check=check, diff=True)


class Cluster:
    """A cluster with the role to run on it, in a namespace of its own."""

    def __init__(self, cluster: Kubernetes, namespace: str, folder: Path) -> None:
        self.cluster, self.namespace, self.folder = cluster, namespace, folder

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        own = {"kubeconfig": str(self.cluster.kubeconfig), "namespace": self.namespace, "set_name": self.namespace}
        return role(self.folder, check=check, wait=False, **own, **options)  # there are no nodes

    def get(self, kind: str, name: str = "falco") -> dict[str, Any]:
        text = self.cluster.kubectl("-n", self.namespace, "get", kind, name, "-o", "json", "--ignore-not-found")
        return dict(json.loads(text)) if text else {}


@pytest.fixture
def falco(k8s: Kubernetes, tmp_path: Path) -> Iterator[Cluster]:
    name = f"falco-{uuid.uuid4().hex[:8]}"
    yield Cluster(k8s, name, tmp_path)
    k8s.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


def test_a_cluster_gets_falco_until_it_is_taken_back(falco: Cluster) -> None:
    receiver = {"url": "https://ingest.bulkhead-response.svc:2801/"}
    options: dict[str, Any] = {"http_output": receiver, "tls_secret": "falco-client"}
    assert falco.role(check=True, **options).check().changed
    assert falco.get("daemonset") == {}
    done = falco.role(**options).check()
    assert done.changed
    assert "Pin by its digest: docker.io/falcosecurity/falco:0.43.1" in done.stdout
    assert falco.role(**options).check().changed == []

    config = falco.get("configmap")["data"]["falco.yaml"]
    assert "client_key: /etc/falco/tls/tls.key" in config
    assert "mtls: true" in config
    assert set(falco.get("configmap", "falco-rules")["data"]) == {
        "bulkhead_workshop.yaml",
        "bulkhead_control_plane.yaml",
    }
    before = falco.get("daemonset")["spec"]["template"]
    [container] = before["spec"]["containers"]
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert not before["spec"]["automountServiceAccountToken"]
    egress = falco.get("networkpolicy")["spec"]["egress"]
    assert {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "bulkhead-response"}}} in egress[1][
        "to"
    ]

    # Another configuration takes other pods.
    assert falco.role(**options, config={"priority": "warning"}).check().changed
    assert falco.get("daemonset")["spec"]["template"] != before

    assert falco.role(state="absent").check().changed
    assert falco.get("daemonset") == {}
    assert falco.role(state="absent").check().changed == []


def test_what_falco_would_not_take_touches_nothing(falco: Cluster) -> None:
    for options, says in (
        ({"config": {"http_outptu": {}}}, "http_outptu: Falco has no such key; did you mean http_output?"),
        ({"rules_own": {"mine.yaml": "- rule: x\n  condition: evt.tpye=open\n"}}, "mine.yaml"),
        ({"rules_k8s_audit": True}, "needs the plugins k8saudit and json"),
        ({"require_digest": True}, "may be another image tomorrow"),
    ):
        stopped = falco.role(**options)
        assert stopped.rc != 0, says
        assert says in stopped.stdout + stopped.stderr
        assert falco.get("daemonset") == {}


def test_falcosidekick_takes_the_alerts_where_it_is_wanted(falco: Cluster) -> None:
    secret = "correct-horse"
    done = falco.role(sidekick=True, sidekick_config={"webhook": {"customHeaders": {"Authorization": secret}}}).check()
    assert secret not in done.stdout
    assert f"http://falcosidekick.{falco.namespace}.svc:2801/" in falco.get("configmap")["data"]["falco.yaml"]
    for kind in ("deployment", "service", "networkpolicy", "secret"):
        assert falco.get(kind, "falcosidekick")
    assert falco.role().check().changed
    assert falco.get("deployment", "falcosidekick") == {}


def test_the_pod_security_policy_is_just_enough(make_k8s: Callable[..., Kubernetes], tmp_path: Path) -> None:
    cluster = make_k8s("api", admission=["PodSecurityPolicy"])
    falco = Cluster(cluster, "falco", tmp_path)
    falco.role(pod_security_policy=True, container_sockets=["/run/docker.sock"]).check()
    cluster.kubectl("-n", "falco", "create", "role", "maker", "--verb=create", "--resource=pods")
    cluster.kubectl("-n", "falco", "create", "rolebinding", "maker", "--role=maker", "--user=maker")
    template = falco.get("daemonset")["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], "name": "falco"}}

    def create(**changes: Any) -> str:
        changed = {**pod, "spec": {**pod["spec"], **changes}}
        return cluster.kubectl(
            "-n", "falco", "create", "--as=maker", "-o", "json", "-f", "-", input=json.dumps(changed), check=False
        )

    for changes in ({"hostPID": True}, {"serviceAccountName": "default"}):
        assert "unable to" in create(**changes)
    assert json.loads(create())["metadata"]["annotations"]["kubernetes.io/psp"] == "bulkhead-falco-falco"


class Host:
    """A folder in the place of /etc/falco, and the role to run on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "falco"
        self.config.mkdir()
        self.program = folder / "falco-program"
        self.program.write_text(STAND_IN)
        self.program.chmod(0o755)

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        own = {"platform": "host", "install": False, "service": "", "config_dir": str(self.config)}
        return role(self.folder, check=check, **{"program": str(self.program), **own, **options})


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_host_gets_a_configuration_that_falco_takes(host: Host) -> None:
    assert host.role(check=True).check().changed
    assert not list(host.config.glob("*.yaml"))
    assert host.role().check().changed
    file = host.config / "falco.yaml"
    assert "listen_address: 127.0.0.1" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(path.name for path in (host.config / "rules.d").iterdir()) == [
        "bulkhead_control_plane.yaml",
        "bulkhead_workshop.yaml",
    ]
    assert host.role().check().changed == []

    own = file.stat().st_uid
    skip = ["*.owner"] if own else []
    rules = {"config_path": str(file), "rules_paths": [str(host.config / "rules.d")], "skip": skip}
    audited = run_module("falco_audit", rules)
    bad = {one["control"] for one in audited["findings"] if one["status"] in ("fail", "error")}
    assert bad == {"falco.config.remote_output"}

    base = host.folder / "falco_rules.yaml"
    base.write_text(
        "- rule: Of Falco\n  desc: x\n  condition: evt.type = execve\n  output: x\n  priority: NOTICE\n"
        "  exceptions: [{name: known, fields: [proc.name]}]\n"
    )
    site = "- rule: Of Falco\n  exceptions: [{name: known, values: [[sh]]}]\n  override: {exceptions: append}\n"
    assert "is not defined above" in host.role(rules_own={"site.yaml": site}).stdout
    assert host.role(rules_own={"site.yaml": site}, rules_base=[str(base)]).check().changed
    (host.config / "rules.d/site.yaml").unlink()

    # Rules that are switched off are taken away, and those of others stay.
    (host.config / "rules.d/mine.yaml").write_text("[]\n")
    assert host.role(rules_workshop=False).check().changed
    assert sorted(path.name for path in (host.config / "rules.d").iterdir()) == [
        "bulkhead_control_plane.yaml",
        "mine.yaml",
    ]
    assert host.role(rules_workshop=False).check().changed == []
    (host.config / "rules.d/mine.yaml").unlink()

    before = file.read_text()
    refused = host.role(config={"http_output": {"user_agent": "FORBIDDEN"}})
    assert refused.rc != 0
    assert "Falco does not run with this configuration" in refused.stdout
    assert file.read_text() == before

    assert host.role(state="absent").check().changed
    assert not file.exists()
    assert not list((host.config / "rules.d").glob("*.yaml"))


@pytest.mark.skipif(
    not Path("/usr/lib/python3/dist-packages/apt").is_dir(), reason="check mode of apt needs python3-apt"
)
def test_check_mode_tells_of_a_host_that_has_no_falco_yet(host: Host) -> None:
    asked = host.role(check=True, install=True, service="falco-of-nobody", program=str(host.folder / "nothing"))
    assert "falco : Name the repository" in asked.check().changed
    assert "falco : Write the configuration, when Falco takes it" in asked.changed
    assert not list(host.config.iterdir())

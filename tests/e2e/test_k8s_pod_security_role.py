# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role k8s_pod_security on real clusters: predicted, done, done once, enforced, and taken back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.kubernetes import Kubernetes

ROLE = "- hosts: all\n  gather_facts: false\n  roles: [bulkhead.container_security.k8s_pod_security]\n"
GOOD: dict[str, Any] = {"containers": [{"name": "app", "image": "lab/app:1"}]}
BAD: dict[str, Any] = {
    "containers": [{"name": "app", "image": "lab/app:1", "securityContext": {"privileged": True}}],
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Kubernetes]:
    """A cluster that judges pods by PodSecurityPolicies, and has none."""
    with Kubernetes("ctl", admission=["PodSecurityPolicy"]) as cluster:
        for name in ("shop", "build", "legacy"):
            cluster.make_namespace(name, {"team": name})
        yield cluster


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    file = tmp_path / "site.yml"
    file.write_text(ROLE)
    return file


def secure(playbook: Path, cluster: Kubernetes, *, check: bool = False, **more: Any) -> PlaybookResult:
    settings = {"kubeconfig": str(cluster.kubeconfig), **more}
    inventory = {"all": {"hosts": {"lab": {"ansible_connection": "local"}}}}
    variables = {f"k8s_pod_security_{name}": value for name, value in settings.items()}
    return run_playbook(playbook, inventory=inventory, extra_vars=variables, check=check, diff=True)


def objects(cluster: Kubernetes, kinds: str) -> dict[str, Any]:
    """{kind/namespace/name: object} of those kinds that are ours by name."""
    listing = json.loads(cluster.kubectl("get", kinds, "--all-namespaces", "-o", "json"))["items"]
    names = {f"{one['kind']}/{one['metadata'].get('namespace', '')}/{one['metadata']['name']}": one for one in listing}
    return {name: one for name, one in names.items() if "bulkhead" in name}


def labels(cluster: Kubernetes, namespace: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(cluster.kubectl("get", "namespace", namespace, "-o", "json"))["metadata"][
        "labels"
    ]
    return {key: value for key, value in found.items() if key.startswith("pod-security")}


def refusal(cluster: Kubernetes, user: Path, namespace: str, spec: Mapping[str, Any]) -> str:
    """Why a pod of a user is refused, "" where it is let in; nothing is stored."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": dict(spec)}
    said = cluster.kubectl(
        f"--kubeconfig={user}",
        "create",
        "-n",
        namespace,
        "--dry-run=server",
        "-f",
        "-",
        input=json.dumps(pod),
        check=False,
    )
    return said if "Forbidden" in said or "forbidden" in said else ""


def until_let_in(cluster: Kubernetes, user: Path, namespace: str, spec: Mapping[str, Any]) -> str:
    """The refusal that is left when the caches of admission have had time to see what was stored."""
    deadline = time.monotonic() + 10
    while (said := refusal(cluster, user, namespace, spec)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return said


@pytest.fixture(scope="module")
def dev(guarded: Kubernetes) -> Path:
    """A user who may do anything in the namespaces, and use no policy."""
    for namespace in ("shop", "build", "legacy"):
        guarded.kubectl("create", "rolebinding", "dev", "--clusterrole=edit", "--user=dev", "-n", namespace)
    return guarded.user("dev")


LEVELS = {"shop": "restricted", "build": "baseline", "legacy": {"level": "privileged"}}


def test_policies_are_predicted_put_there_once_enforced_and_taken_back(
    guarded: Kubernetes, dev: Path, playbook: Path
) -> None:
    assert "PodSecurityPolicy" in refusal(guarded, dev, "shop", GOOD)

    predicted = secure(playbook, guarded, check=True, namespaces=LEVELS).check()
    assert predicted.changed == ["Bring the policies to what is declared"]
    assert objects(guarded, "psp") == {}
    done = secure(playbook, guarded, namespaces=LEVELS).check()
    assert done.changed == predicted.changed
    assert done.result_of("k8s_pod_security_plan")["backend"] == "psp"

    assert until_let_in(guarded, dev, "shop", GOOD) == ""
    assert until_let_in(guarded, dev, "legacy", BAD) == ""
    for namespace in ("shop", "build"):
        assert "Privileged containers are not allowed" in refusal(guarded, dev, namespace, BAD)

    writes = secure(playbook, guarded, namespaces=LEVELS).check()
    assert writes.changed == []
    assert writes.result_of("k8s_applyset")["writes"] == 0

    refused = secure(playbook, guarded, state="absent")
    assert "may refuse every pod" in refused.stdout
    secure(playbook, guarded, state="absent", allow_refusals=True).check()
    assert objects(guarded, "psp,clusterroles,clusterrolebindings,rolebindings") == {}
    assert secure(playbook, guarded, state="absent", allow_refusals=True).check().changed == []
    assert json.loads(guarded.kubectl("get", "namespace", "shop", "-o", "json"))["metadata"]["labels"] == {
        "team": "shop"
    }

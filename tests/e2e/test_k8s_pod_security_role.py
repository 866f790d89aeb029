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

from tests.lab.ansible import PlaybookResult, run_module, run_playbook
from tests.lab.kubernetes import Kubernetes

ROLE = "- hosts: all\n  gather_facts: false\n  roles: [bulkhead.container_security.k8s_pod_security]\n"
LABELS = "k8s_pod_security : Bring the labels of namespaces to what is declared"
POLICIES = "k8s_pod_security : Bring the policies to what is declared"
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
    found = json.loads(cluster.kubectl("get", "namespace", namespace, "-o", "json"))["metadata"].get("labels") or {}
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
    for namespace in ("shop", "build", "legacy", "kube-system"):
        guarded.kubectl("create", "rolebinding", "dev", "--clusterrole=edit", "--user=dev", "-n", namespace)
    return guarded.user("dev")


LEVELS = {"shop": "restricted", "build": "baseline", "legacy": {"level": "privileged"}}


def test_policies_are_predicted_put_there_once_enforced_and_taken_back(
    guarded: Kubernetes, dev: Path, playbook: Path
) -> None:
    assert "PodSecurityPolicy" in refusal(guarded, dev, "shop", GOOD)

    predicted = secure(playbook, guarded, check=True, namespaces=LEVELS).check()
    assert predicted.changed == [POLICIES]
    assert objects(guarded, "psp") == {}
    done = secure(playbook, guarded, namespaces=LEVELS).check()
    assert done.changed == predicted.changed
    assert done.result_of("k8s_pod_security_plan")["backend"] == "psp"

    assert until_let_in(guarded, dev, "shop", GOOD) == ""
    for namespace in ("legacy", "kube-system"):
        assert until_let_in(guarded, dev, namespace, BAD) == ""
    for namespace in ("shop", "build"):
        assert "Privileged containers are not allowed" in refusal(guarded, dev, namespace, BAD)

    writes = secure(playbook, guarded, namespaces=LEVELS).check()
    assert writes.changed == []
    assert writes.result_of("k8s_applyset")["writes"] == 0

    # As after a run that was cut off, or a hand that interfered.
    guarded.kubectl("delete", "rolebinding", "bulkhead-restricted-psp", "-n", "shop")
    guarded.kubectl("delete", "podsecuritypolicy", "bulkhead-baseline")
    assert secure(playbook, guarded, namespaces=LEVELS).check().changed == [POLICIES]
    assert until_let_in(guarded, dev, "shop", GOOD) == ""

    refused = secure(playbook, guarded, state="absent")
    assert "may refuse every pod" in refused.stdout
    secure(playbook, guarded, state="absent", allow_refusals=True).check()
    assert objects(guarded, "psp,clusterroles,clusterrolebindings,rolebindings") == {}
    assert secure(playbook, guarded, state="absent", allow_refusals=True).check().changed == []
    assert json.loads(guarded.kubectl("get", "namespace", "shop", "-o", "json"))["metadata"]["labels"] == {
        "team": "shop"
    }


# -- labels: on a cluster that stores them and gives them no effect ----------------------------------------------------

_FORCED: dict[str, Any] = {"backend": "labels", "require_enforcement": False}


def settings(namespace: str, **more: Any) -> dict[str, Any]:
    """Names of one's own, for the cluster is shared with other tests."""
    return {"name": f"set-{namespace}", "set_namespace": namespace, "prefix": f"bulkhead-{namespace}", **more}


def test_labels_are_put_on_namespaces_that_stay_their_owner_s(
    k8s: Kubernetes, k8s_namespace: str, playbook: Path
) -> None:
    level = {"level": "baseline", "warn": "restricted", "version": "v1.30"}
    own = settings(k8s_namespace, **_FORCED, namespaces={k8s_namespace: level})
    done = secure(playbook, k8s, **own).check()
    assert done.changed == [LABELS, POLICIES]
    assert labels(k8s, k8s_namespace) == {
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/enforce-version": "v1.30",
        "pod-security.kubernetes.io/audit": "baseline",
        "pod-security.kubernetes.io/audit-version": "v1.30",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": "v1.30",
    }
    assert "gives the labels of namespaces no effect" in done.stdout
    assert secure(playbook, k8s, **own).check().changed == []
    secure(playbook, k8s, **own, state="absent").check()
    assert labels(k8s, k8s_namespace) == {}


def test_what_would_be_refused_is_listed_and_stops_the_run(k8s: Kubernetes, k8s_namespace: str, playbook: Path) -> None:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": BAD}
    k8s.kubectl_apply(
        [
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "risky", "namespace": k8s_namespace},
                "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": template},
            }
        ]
    )
    for backend in ("labels", "psp"):
        own = settings(
            k8s_namespace, backend=backend, require_enforcement=False, namespaces={k8s_namespace: "baseline"}
        )
        stopped = secure(playbook, k8s, **own)
        assert stopped.rc != 0
        assert f"Deployment {k8s_namespace}/risky (baseline)" in stopped.stdout
        assert labels(k8s, k8s_namespace) == {}
        assert not [name for name in objects(k8s, "psp") if k8s_namespace in name]
    allowed = settings(k8s_namespace, **_FORCED, namespaces={k8s_namespace: "baseline"}, allow_refusals=True)
    secure(playbook, k8s, **allowed).check()
    assert labels(k8s, k8s_namespace)["pod-security.kubernetes.io/enforce"] == "baseline"
    secure(playbook, k8s, **allowed, state="absent").check()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "judges no pod by them"),
        ({"require_enforcement": False, "namespaces": {"no-such-namespace": "baseline"}}, "are not there: no-such"),
    ],
)
def test_what_cannot_be_enforced_stops_the_run_before_anything_is_touched(
    k8s: Kubernetes, k8s_namespace: str, playbook: Path, more: dict[str, Any], said: str
) -> None:
    stopped = secure(playbook, k8s, **settings(k8s_namespace, **{"namespaces": {k8s_namespace: "baseline"}, **more}))
    assert stopped.rc != 0
    assert said in stopped.stdout
    assert labels(k8s, k8s_namespace) == {}
    assert not [name for name in objects(k8s, "psp,clusterroles") if k8s_namespace in name]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"namespaces": {"default": "strict"}}, "'strict' is no level"),
        ({"namespaces": {"default": {"lvl": "baseline"}}}, "give a level, or a dictionary"),
        ({"namespaces": {"kube-system": "baseline"}}, "cannot have a level and be exempt"),
        ({"rules": {"no_latest": True}}, "there is no rule 'no_latest'"),
        ({"version": "newest"}, "no version of the Pod Security Standards"),
        ({"psp_additions": {"baseline": {"spec": {"readOnly": True}}}}, "cannot have readOnly"),
        ({"exempt_subjects": [{"kind": "ServiceAccount", "name": "a"}]}, "needs its namespace"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(k8s: Kubernetes, options: dict[str, Any], said: str) -> None:
    given = {"kubeconfig": str(k8s.kubeconfig), "namespaces": {"default": "baseline"}, **options}
    assert said in run_module("k8s_pod_security_plan", given)["msg"]


def test_what_the_cluster_enforces_is_found_out(k8s: Kubernetes, guarded: Kubernetes) -> None:
    found = [run_module("k8s_pod_security_plan", {"kubeconfig": str(one.kubeconfig)}) for one in (k8s, guarded)]
    assert [(one["backend"], one["enforced"]) for one in found] == [("psp", False), ("psp", True)]

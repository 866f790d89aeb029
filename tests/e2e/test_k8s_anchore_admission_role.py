# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role anchore_admission: what it brings, keeps and takes away, and real pods that are refused and admitted."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.admission_role import NAME, NAMESPACE, AdmissionRole, write_verdicts
from tests.e2e.conftest import fresh_namespace
from tests.lab.ansible import run_module
from tests.lab.images import BASE
from tests.lab.kubernetes import Kubernetes
from tests.lab.python_image import make_python_image

PASSWORD = "correct-horse-battery"
ANCHORE = {"url": "https://anchore.example.com/v1", "username": "admission", "password": PASSWORD}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Kubernetes]:
    """Its own: a webhook that nobody answers is asked about every pod of it."""
    with Kubernetes("api") as cluster:
        yield cluster


def test_the_webhook_is_brought_then_unchanged_then_gone(cluster: Kubernetes, tmp_path: Path) -> None:
    role = AdmissionRole(cluster, tmp_path, scanner=ANCHORE, wait_timeout=0, image_policy_url="https://127.0.0.1:8443")
    assert role.run(check=True).check().changed
    assert not (tmp_path / "pki").exists()
    assert NAMESPACE not in cluster.kubectl("get", "namespaces")
    done = role.run().check()
    assert PASSWORD not in done.stdout + done.stderr
    assert base64.b64encode(PASSWORD.encode()).decode() not in done.stdout + done.stderr
    assert done.custom_stats["image_policy"]["kubeconfig"]["clusters"][0]["cluster"]["server"].endswith("/imagepolicy")
    assert role.run().check().changed == []

    pod = role.get("deployment", NAME)["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
    asked = role.get("validatingwebhookconfiguration", NAME)["webhooks"]
    assert [(hook["failurePolicy"], hook["sideEffects"]) for hook in asked] == [("Fail", "None")]
    assert "kube-system" in asked[0]["namespaceSelector"]["matchExpressions"][0]["values"]
    # An API server of 1.20 does not label it by itself; and nobody answers: the cluster can be repaired all the same.
    assert "kubernetes.io/metadata.name=kube-system" in cluster.kubectl("get", "ns", "kube-system", "--show-labels")
    cluster.kubectl("-n", "kube-system", "run", "repair", "--image=busybox")

    assert role.run(state="absent").check().changed
    assert NAME not in cluster.kubectl("get", "validatingwebhookconfigurations")
    assert "metadata.name" not in cluster.kubectl("get", "ns", "kube-system", "--show-labels")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"image": "registry.example.com/webhook:1", "allow_unpinned": False}, "Name an image by its digest"),
        ({"failure": {"unreachabel": "open"}}, "did you mean unreachable?"),
    ],
)
def test_what_is_refused_before_anything_is_touched(
    cluster: Kubernetes, tmp_path: Path, options: dict[str, object], words: str
) -> None:
    refused = AdmissionRole(cluster, tmp_path, **{"scanner": ANCHORE, **options}).run()
    assert refused.rc != 0
    assert words in refused.stdout + refused.stderr
    assert not (tmp_path / "pki").exists()


def test_real_pods_are_refused_and_admitted_by_service(k8s_full: Kubernetes, tmp_path: Path) -> None:
    with contextlib.closing(k8s_full.node.docker.client()) as client:
        make_python_image(client)
    good, bad = "a" * 64, "b" * 64
    verdicts = write_verdicts(tmp_path / "verdicts.json", **{f"d{good}": "go", f"d{bad}": "stop"})
    scanner = {"kind": "verdicts", "verdicts_file": str(verdicts)}
    role = AdmissionRole(
        k8s_full, tmp_path, scanner=scanner, exempt_images=["docker.io/lab/*"], break_glass_groups=["system:masters"]
    )
    try:
        done = role.run().check()
        assert done.result_of("k8s_webhook_check")["allowed"] is True
        asked = {"kubeconfig": str(k8s_full.kubeconfig), "namespace": NAMESPACE, "service": NAME}
        told = run_module("k8s_webhook_check", {**asked, "images": [f"shop/web@sha256:{bad}"]})
        assert (told["allowed"], "HIGH in openssl" in told["message"]) == (False, True)
        with fresh_namespace(k8s_full) as shop:

            def pods() -> str:
                return k8s_full.kubectl("-n", shop, "get", "pods", "-o=name")

            refused = k8s_full.kubectl("-n", shop, "run", "bad", f"--image=shop/web@sha256:{bad}", check=False)
            assert "HIGH in openssl" in refused
            k8s_full.kubectl("-n", shop, "run", "good", f"--image=shop/web@sha256:{good}")
            k8s_full.kubectl("-n", shop, "run", "real", f"--image={BASE}", "--image-pull-policy=Never")
            k8s_full.kubectl("-n", shop, "wait", "--for=condition=Ready", "pod/real", "--timeout=60s")
            # What a person who may wrote into a template, a controller passes on to the pods that it makes.
            k8s_full.kubectl_apply([_emergency(shop, f"shop/web@sha256:{bad}")])
            k8s_full.processes.wait("pod of the template", lambda: "emergency" in pods(), ["kube-controller-manager"])
    finally:
        role.run(state="absent", wait_timeout=0).check()


def _emergency(namespace: str, image: str) -> dict[str, Any]:
    labels = {"app": "emergency"}
    metadata = {"labels": labels, "annotations": {"admission.bulkhead.io/break-glass": "INC-7"}}
    template = {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "emergency", "namespace": namespace},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }

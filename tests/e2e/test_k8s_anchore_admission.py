# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admission webhook with a real API server, a real registry, and the contract server in the place of Anchore."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.webhook import image_policy
from tests.e2e.admission_role import write_verdicts
from tests.e2e.admission_stage import Webhook
from tests.lab.anchore.engine import Content
from tests.lab.anchore.server import PASSWORD, USER, AnchoreServer, Fault, anchore_server
from tests.lab.dockerd import LabError
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.certificates import Authority
from tests.lab.registry import Registry

OWN, SHOP = "bulkhead-admission", "shop"
NOTE = "admission.bulkhead.io/break-glass"
HIGH = ("CVE-2026-1", "vulnerabilities", "package", "HIGH in openssl", "stop")


@dataclass(frozen=True)
class Images:
    """References by tag at the registry, and the digests that they had at first."""

    good: str
    bad: str
    good_digest: str
    bad_digest: str


@dataclass
class Scene:
    """All who take part."""

    cluster: Kubernetes
    registry: Registry
    anchore: AnchoreServer
    images: Images
    webhook: Webhook

    def create(self, kind: str = "Pod", namespace: str = SHOP, **manifest: Any) -> str:
        """What kubectl says when it makes an object and the API server does not take it; "" where it does."""
        version = {"Pod": "v1", "Deployment": "apps/v1", "CronJob": "batch/v1beta1"}[kind]
        more: dict[str, Any] = manifest.pop("metadata", {})
        metadata = {"name": f"test-{time.monotonic_ns()}", "namespace": namespace, **more}
        whole = {"apiVersion": version, "kind": kind, "metadata": metadata, **manifest}
        said = self.cluster.kubectl("create", "-f", "-", input=json.dumps(whole), check=False)
        return "" if " created" in said else said

    def pod(self, *images: str, namespace: str = SHOP, metadata: dict[str, Any] | None = None) -> str:
        """The same for a pod with these images, the first of them of an init container where there are several."""
        containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
        spec = {"containers": containers[-1:], "initContainers": containers[:-1]}
        return self.create(namespace=namespace, spec=spec, metadata=metadata or {})

    def restart(self, **config: Any) -> None:
        """The webhook, with another configuration."""
        self.webhook.stop()
        self.webhook.config.update(config)
        self.webhook.start()


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Kubernetes, Registry]]:
    with Kubernetes("api") as cluster, Registry() as registry:
        for name in (OWN, SHOP, "base"):
            cluster.make_namespace(name)
        # An API server from 1.21 on does it by itself; before, the role does.
        for name in (OWN, "kube-system"):
            cluster.kubectl("label", "namespace", name, f"kubernetes.io/metadata.name={name}")
        yield cluster, registry


def analyse(anchore: AnchoreServer, tag: str, digest: str, *rows: tuple[str, str, str, str, str]) -> None:
    """Let the engine know an image, and what its policy says of it."""
    anchore.engine.registry[tag] = Content(digest, list(rows))
    anchore.engine.analysis_seconds = 0
    anchore.engine.answer("POST", "/images", {"autosubscribe": "false"}, {"source": {"tag": {"pullstring": tag}}})


@pytest.fixture
def scene(stage: tuple[Kubernetes, Registry], tmp_path: Path) -> Iterator[Scene]:
    cluster, registry = stage
    digests = [registry.push("shop/web", tag, config={"Cmd": [tag]}) for tag in ("good", "bad")]
    images = Images(f"{registry.host}/shop/web:good", f"{registry.host}/shop/web:bad", *digests)
    with anchore_server() as anchore:
        analyse(anchore, images.good, digests[0])
        analyse(anchore, images.bad, digests[1], HIGH)
        (tmp_path / "password").write_text(PASSWORD)
        files = {"password_file": str(tmp_path / "password"), "ca_file": str(anchore.ca_file)}
        scanner = {"kind": "anchore", "url": anchore.url, "username": USER, "seconds": 2, **files}
        webhook = Webhook(tmp_path / "w", scanner, registry={"plain_http": [registry.host]})
        webhook.start()
        cluster.kubectl_apply([webhook.configuration()])
        try:
            yield Scene(cluster, registry, anchore, images, webhook)
        finally:
            cluster.kubectl("delete", "validatingwebhookconfiguration", OWN)
            webhook.stop()


def test_what_the_policy_refuses_is_refused_in_whatever_makes_pods(scene: Scene) -> None:
    good, bad = scene.images.good, scene.images.bad
    assert scene.pod(good) == ""
    refused = scene.pod(good, bad)
    for words in (bad, scene.images.bad_digest, "policy default", "HIGH in openssl", "mend the image"):
        assert words in refused
    containers = [{"name": "c", "image": bad}]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}
    deployment = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    assert scene.images.bad_digest in scene.create("Deployment", spec=deployment)
    job = {"template": {"spec": {"containers": containers, "restartPolicy": "Never"}}}
    cron = {"schedule": "0 0 * * *", "jobTemplate": {"spec": job}}
    assert scene.images.bad_digest in scene.create("CronJob", spec=cron)
    # By its digest, too, and the registry is not asked then.
    assert "is refused by the policy" in scene.pod(f"{scene.registry.host}/shop/web:bad@{scene.images.bad_digest}")
    assert scene.webhook.decisions()[-1]["why"] == "refused"
    assert PASSWORD not in scene.webhook.last_words() + (scene.webhook.folder / "decisions.jsonl").read_text()


def test_an_update_that_brings_no_image_is_not_judged(scene: Scene) -> None:
    scene.cluster.kubectl("-n", SHOP, "run", "steady", f"--image={scene.images.good}")
    scene.anchore.engine.registry[scene.images.good].rows.append(HIGH)
    asked = len(scene.anchore.requests)
    scene.cluster.kubectl("-n", SHOP, "label", "pod", "steady", "seen=yes")
    assert len(scene.anchore.requests) == asked
    moved = scene.cluster.kubectl("-n", SHOP, "set", "image", "pod/steady", f"steady={scene.images.bad}", check=False)
    assert "is refused by the policy" in moved
    assert scene.webhook.decisions()[-1]["operation"] == "UPDATE"


def test_without_a_verdict_it_is_closed_or_open_as_declared(scene: Scene) -> None:
    kinds = {
        Fault.UNAUTHORISED: "unauthorised",
        Fault.ERROR: "server_error",
        Fault.HALF: "invalid_answer",
        Fault.NO_JSON: "invalid_answer",
        Fault.OTHER_DIGEST: "wrong_digest",
        Fault.DOWN: "unreachable",
        Fault.SLOW: "timeout",  # the last: whoever comes while it is still asked for waits for the same answer
    }
    scene.restart(seconds=1)
    closed = {}
    for fault, kind in kinds.items():
        scene.anchore.fault("/images", fault)
        closed[fault] = f"has no verdict ({kind})" in scene.pod(scene.images.good)
    assert closed == dict.fromkeys(kinds, True)
    assert 'scanner_errors_total{kind="wrong_digest"} 1' in scene.webhook.health("/metrics")[1]
    # Open for those that are declared; for each of the others it stays closed.
    scene.restart(failure={kind: "open" for kind in kinds.values() if kind != "wrong_digest"})
    opened = {}
    for fault, kind in kinds.items():
        scene.anchore.fault("/images", fault)
        opened[fault] = scene.pod(scene.images.good) == ""
        decision = scene.webhook.decisions()[-1]
        assert decision["images"][0]["failure"] == kind
        assert decision["why"] == ("failed_open" if opened[fault] else "failed_closed")
    assert opened == {fault: fault is not Fault.OTHER_DIGEST for fault in kinds}


def test_an_image_that_is_gone_or_unknown_or_moved(scene: Scene) -> None:
    assert "has no verdict (unresolved)" in scene.pod(f"{scene.registry.host}/shop/web:none")
    # Between a scan and the admission, somebody pushes something else under the tag: it is that which is judged.
    assert scene.pod(scene.images.good) == ""
    moved = scene.registry.push("shop/web", "good", config={"Cmd": ["evil"]})
    unknown = scene.pod(scene.images.good)
    assert moved in unknown
    assert "has no verdict (unknown_image)" in unknown
    scene.anchore.engine.registry[scene.images.good] = Content(moved, [HIGH])
    scene.restart(request_analysis=True)
    assert "has no verdict (not_analysed)" in scene.pod(scene.images.good)
    _until(lambda: "is refused by the policy" in scene.pod(scene.images.good))
    scene.restart(require_digest=True)
    assert "has no verdict (no_digest)" in scene.pod(scene.images.good)


def test_break_glass_is_for_those_who_may_and_is_recorded(scene: Scene) -> None:
    note = {"annotations": {NOTE: "the shop is down, INC-7"}}
    assert "may not set the annotation" in scene.pod(scene.images.good, metadata=note)
    scene.restart(break_glass={"groups": ["system:masters"]})
    assert scene.pod(scene.images.bad, metadata=note) == ""
    decision = scene.webhook.decisions()[-1]
    assert (decision["why"], decision["break_glass"]) == ("break_glass", "the shop is down, INC-7")
    assert decision["images"] == [{"image": scene.images.bad}]
    assert "bulkhead_admission_break_glass_total 1" in scene.webhook.health("/metrics")[1]
    assert "write the reason" in scene.pod(scene.images.bad, metadata={"annotations": {NOTE: " "}})


def test_the_cluster_can_be_repaired_while_the_webhook_is_down_and_closed(scene: Scene) -> None:
    scene.webhook.stop()
    assert "failed calling webhook" in scene.pod(scene.images.good)
    assert scene.pod(scene.images.good, namespace="kube-system") == ""
    assert scene.pod(scene.images.good, namespace=OWN) == ""
    scene.cluster.kubectl("delete", "validatingwebhookconfiguration", OWN)
    assert scene.pod(scene.images.bad) == ""
    scene.cluster.kubectl_apply([scene.webhook.configuration()])


def test_an_expired_certificate_shows_and_a_new_one_is_taken_without_a_restart(scene: Scene) -> None:
    assert scene.pod(scene.images.good) == ""
    scene.webhook.write_certificate(_expired(scene.webhook))
    _until(lambda: scene.webhook.health("/readyz")[0] == 503)
    assert "the certificate has expired" in scene.webhook.health("/readyz")[1]
    # API servers keep connections that they have; a new one is refused.
    scene.cluster.stop_api()
    scene.cluster.start_api()
    _until(lambda: "certificate has expired" in scene.pod(scene.images.good))
    pid = scene.webhook.pid
    scene.webhook.write_certificate(scene.webhook.authority.server("webhook", ["127.0.0.1"]))
    _until(lambda: scene.webhook.health("/readyz")[0] == 200)
    _until(lambda: scene.pod(scene.images.good) == "")
    assert scene.webhook.pid == pid


def test_namespaces_have_policies_by_label_and_exemptions_by_name(scene: Scene) -> None:
    policies = [{"name": "strict", "policy_id": "strict-bundle"}]
    scene.anchore.engine.policies["strict-bundle"] = {"policyId": "strict-bundle", "active": False}
    scene.restart(policies=policies, exemptions={"namespaces": ["base"], "images": [f"{scene.registry.host}/tools/*"]})
    scene.cluster.kubectl_apply([scene.webhook.configuration(policies=policies)])
    scene.cluster.kubectl("label", "namespace", SHOP, "admission.bulkhead.io/policy=strict")
    try:
        _until(lambda: "is refused by the policy strict-bundle" in scene.pod(scene.images.bad))
        assert scene.pod(scene.images.bad, namespace="base") == ""
        assert scene.pod(f"{scene.registry.host}/tools/anything:1") == ""
        assert scene.webhook.decisions()[-1]["why"] == "exempt_images"
    finally:
        scene.cluster.kubectl("label", "namespace", SHOP, "admission.bulkhead.io/policy-")


def test_the_plugin_image_policy_webhook_asks_it_too(
    stage: tuple[Kubernetes, Registry], tmp_path: Path, make_k8s: Callable[..., Kubernetes]
) -> None:
    _cluster, registry = stage
    digests = [registry.push("shop/policy", tag, config={"Cmd": [tag]}) for tag in ("good", "bad")]
    verdicts = write_verdicts(tmp_path / "v.json", **{f"d{digests[0][7:]}": "go", f"d{digests[1][7:]}": "stop"})
    scanner = {"kind": "verdicts", "verdicts_file": str(verdicts)}
    webhook = Webhook(tmp_path / "w", scanner, registry={"plain_http": [registry.host]})
    webhook.start()
    bundle = webhook.authority.credential.certificate.decode()
    asked = image_policy({"ca_bundle": bundle}, webhook.url, 1, 1, False)
    kubeconfig, configuration = tmp_path / "kubeconfig.json", tmp_path / "admission.json"
    kubeconfig.write_text(json.dumps(asked["kubeconfig"]))
    asked["configuration"]["imagePolicy"]["kubeConfigFile"] = str(kubeconfig)
    plugins = [{"name": "ImagePolicyWebhook", "configuration": asked["configuration"]}]
    whole = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": plugins}
    configuration.write_text(json.dumps(whole))
    flag = f"--admission-control-config-file={configuration}"
    cluster = make_k8s("api", api_flags=[flag], admission=["ImagePolicyWebhook"])
    try:
        cluster.make_namespace(SHOP)
        cluster.kubectl("-n", SHOP, "run", "good", f"--image={registry.host}/shop/policy:good")
        refused = cluster.kubectl("-n", SHOP, "run", "bad", f"--image={registry.host}/shop/policy:bad", check=False)
        assert digests[1] in refused
        assert "HIGH in openssl" in refused
        cluster.kubectl("-n", "kube-system", "run", "repair", f"--image={registry.host}/shop/policy:bad")
    finally:
        webhook.stop()


def test_only_clients_with_a_certificate_of_that_name_are_answered(tmp_path: Path) -> None:
    verdicts = write_verdicts(tmp_path / "v.json")
    webhook = Webhook(tmp_path / "w", {"kind": "verdicts", "verdicts_file": str(verdicts)})
    authority, bundle = Authority("clients"), webhook.authority.credential.certificate.decode()
    (tmp_path / "ca.pem").write_bytes(authority.credential.certificate)
    webhook.config["tls"] |= {"client_ca_file": str(tmp_path / "ca.pem"), "client_names": ["kube-apiserver"]}
    webhook.start()
    try:
        for name, status in (("kube-apiserver", 400), ("somebody", 403)):
            context = ssl.create_default_context(cadata=bundle)
            context.load_cert_chain(*authority.client(name).write(tmp_path, name))
            # 400: what it asks is no review, which is found out only after it was let in.
            assert webhook.post("/validate", {}, context)[0] == status
        with pytest.raises((ssl.SSLError, ConnectionError)):
            webhook.post("/validate", {})
        assert "clients_refused_total 1" in webhook.health("/metrics")[1]
    finally:
        webhook.stop()


def _until(true: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise LabError("it did not come to pass")
        time.sleep(0.3)


def _expired(webhook: Webhook) -> Any:
    """A certificate that ended a minute ago."""
    import datetime

    from tests.lab.kubernetes import certificates

    kept = certificates._VALIDITY
    certificates._VALIDITY = datetime.timedelta(minutes=-1)
    try:
        return webhook.authority.server("webhook", ["127.0.0.1"])
    finally:
        certificates._VALIDITY = kept

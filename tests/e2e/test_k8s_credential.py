# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_credential against a real control plane: credentials that kubectl logs in with, renewed and refused."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.programs import program

REQUESTS = "certificatesigningrequests"


@dataclass
class Credentials:
    """The module, a namespace, and a folder for kubeconfigs."""

    cluster: Kubernetes
    namespace: str
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "shop.conf"

    def run(self, *, check: bool = False, env: Mapping[str, str] | None = None, **options: Any) -> dict[str, Any]:
        given = {"kubeconfig": str(self.cluster.kubeconfig), "path": str(self.path), **options}
        given = {name: value for name, value in given.items() if value is not None}
        backup = {"backup_dir": str(self.folder / "backup")} if given.get("state") == "revoked" else {}
        return run_module("k8s_credential", {**given, **backup}, check=check, diff=True, env=env)

    def done(self, **options: Any) -> dict[str, Any]:
        result = self.run(**options)
        assert not result.get("failed"), result
        return result

    def kubectl(self, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        """kubectl as the holder of the credential."""
        cache = self.folder / "cache"
        words = [program("kubectl"), f"--kubeconfig={kubeconfig or self.path}", f"--cache-dir={cache}", *arguments]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def bind(self, name: str, *subjects: Mapping[str, str], role: str = "view") -> None:
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
        metadata = {"name": name, "namespace": self.namespace}
        body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata}
        self.cluster.kubectl_apply([{**body, "roleRef": reference, "subjects": list(subjects)}])

    def subjects(self, name: str) -> list[str]:
        raw = self.cluster.kubectl("-n", self.namespace, "get", "rolebinding", name, "-o", "json", check=False)
        return [each["name"] for each in json.loads(raw)["subjects"]] if raw.startswith("{") else []


def user(name: str) -> dict[str, str]:
    return {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name}


def group(name: str) -> dict[str, str]:
    return {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name}


def write_certificate(files: Path, authority: Path | None) -> None:
    """FILES.crt and FILES.key for user ada: expired, from an authority; or valid, and signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ada")])
    signer, issuer, end = key, name, datetime.now(timezone.utc) + timedelta(days=1)
    if authority:
        signer = load_pem_private_key(Path(f"{authority}.key").read_bytes(), None)  # type: ignore[assignment]
        issuer = x509.load_pem_x509_certificate(Path(f"{authority}.crt").read_bytes()).subject
        end -= timedelta(days=2)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(end - timedelta(days=1.2)).not_valid_after(end)
    pem = builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)
    Path(f"{files}.crt").write_bytes(pem)
    Path(f"{files}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture
def credentials(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> Iterator[Credentials]:
    made = Credentials(k8s, k8s_namespace, tmp_path)
    yield made
    assert "bulkhead-" not in k8s.kubectl("get", REQUESTS, "-o", "name")


@pytest.mark.parametrize("openssl", [False, True], ids=["cryptography", "openssl"])
def test_a_certificate_from_the_first_login_to_the_last(
    credentials: Credentials, openssl: bool, tmp_path: Path
) -> None:
    env = {}
    if openssl:
        blocked = tmp_path / "blocked" / "cryptography"
        blocked.mkdir(parents=True)
        (blocked / "__init__.py").write_text("raise ImportError('not here')\n")
        env = {"PYTHONPATH": f"{blocked.parent}:{Path(__file__).parents[2]}/.build/collections"}
    name = f"ada-{credentials.namespace}"
    wanted = {"user": name, "groups": ["shop", "night shift"], "owner": str(os.getuid()), "env": env}
    credentials.bind("ada", user(name))
    credentials.bind("team", user("bob"), user(name))
    credentials.bind("shift", group("night shift"), role="edit")

    predicted = credentials.done(**wanted, check=True)
    assert predicted["changed"]
    assert not credentials.path.exists()
    made = credentials.done(**wanted)
    assert made["changed"]
    assert made["credential"]["groups"] == ["shop", "night shift"]
    assert stat.S_IMODE(credentials.path.stat().st_mode) == 0o600
    assert credentials.kubectl("-n", credentials.namespace, "get", "pods").returncode == 0
    assert credentials.kubectl("get", "nodes").returncode != 0
    text = credentials.path.read_text()
    key = yaml.safe_load(text)["users"][0]["user"]["client-key-data"]
    assert key not in json.dumps(made)

    again = credentials.done(**wanted)
    assert (again["changed"], again["reasons"]) == (False, [])
    assert credentials.path.read_text() == text
    elsewhere = credentials.done(**wanted, context_namespace=credentials.namespace)
    assert elsewhere["changed"]
    assert elsewhere["credential"] == again["credential"]

    rotated = credentials.done(**wanted, renew_before=10 * 365 * 86400)
    assert rotated["changed"]
    assert rotated["credential"]["fingerprint"] != made["credential"]["fingerprint"]
    assert credentials.kubectl("-n", credentials.namespace, "get", "pods").returncode == 0

    kept = credentials.folder / "kept.conf"
    kept.write_text(credentials.path.read_text())
    kept.chmod(0o600)
    revocation = {"state": "revoked", "user": name, "groups": ["shop"]}
    predicted = credentials.done(**revocation, check=True)
    assert credentials.subjects("team") == ["bob", name]
    revoked = credentials.done(**revocation)
    assert revoked["removed"] == predicted["removed"]
    assert {(row["name"], row["action"]) for row in revoked["removed"]} == {
        ("ada", "deleted"),
        ("team", "subject_removed"),
        (str(credentials.path), "deleted"),
    }
    assert credentials.subjects("ada") == []
    assert credentials.subjects("team") == ["bob"]
    assert [row["name"] for row in revoked["remaining_access"] if row["group"] == "night shift"] == ["shift"]
    assert revoked["certificates"][0]["not_after"] == rotated["credential"]["not_after"]
    assert len(revoked["ca_rotation"]) == 5
    assert any("cannot revoke" in str(each) for each in revoked["warnings"])
    assert not credentials.path.exists()
    # The group's binding is still there, and so is what it lets this user do.
    assert credentials.kubectl("-n", credentials.namespace, "get", "pods", kubeconfig=kept).returncode == 0
    credentials.cluster.kubectl("-n", credentials.namespace, "delete", "rolebinding", "shift")
    refused = credentials.kubectl("-n", credentials.namespace, "get", "pods", kubeconfig=kept)
    assert "Forbidden" in refused.stderr
    assert not credentials.done(**revocation)["changed"]

    credentials.cluster.kubectl("apply", "-f", revoked["backup"])
    assert credentials.subjects("ada") == [name]
    assert name in credentials.subjects("team")


def test_a_token_that_is_renewed_and_refused_after_its_revocation(credentials: Credentials) -> None:
    space = credentials.namespace
    account = {"service_account": "deployer", "namespace": space}
    credentials.cluster.kubectl("-n", space, "create", "serviceaccount", "deployer")
    credentials.bind("deploy", {"kind": "ServiceAccount", "name": "deployer", "namespace": space})
    wanted = {"type": "token", **account, "expiration_seconds": 1200}

    made = credentials.done(**wanted)
    assert made["credential"]["user"] == f"system:serviceaccount:{space}:deployer"
    assert credentials.kubectl("-n", space, "get", "pods").returncode == 0
    token = yaml.safe_load(credentials.path.read_text())["users"][0]["user"]["token"]
    assert token not in json.dumps(made)
    assert not credentials.done(**wanted)["changed"]
    assert credentials.done(**wanted, renew_before=1190, check=True)["reasons"] == []
    assert credentials.done(**wanted, renew_before=1500)["reasons"] == ["it expires in less than 1500 s"]

    kept = credentials.folder / "kept.conf"
    kept.write_text(credentials.path.read_text())
    secret = credentials.folder / "secret.conf"
    for_ever = {"type": "token_secret", **account, "path": str(secret)}
    assert credentials.done(**for_ever)["credential"]["not_after"] == "never"
    assert not credentials.done(**for_ever)["changed"]

    revoked = credentials.done(state="revoked", **account)
    assert {(row["kind"], row["action"]) for row in revoked["removed"]} >= {
        ("ServiceAccount", "recreated"),
        ("Secret", "deleted"),
        ("kubeconfig", "deleted"),
    }
    for old in (kept, secret):
        credentials.cluster.processes.wait(
            "a refused token",
            lambda old=old: "Unauthorized" in credentials.kubectl("get", "pods", kubeconfig=old).stderr,  # type: ignore[misc]
            ["kube-apiserver"],
        )
    # The account is there, with its grants, and new tokens serve.
    assert credentials.done(**wanted)["reasons"] == ["there is none"]
    assert credentials.kubectl("-n", space, "get", "pods").returncode == 0
    assert credentials.done(**for_ever)["reasons"]


def test_what_an_interrupted_run_left_is_removed_by_the_next(credentials: Credentials) -> None:
    name = f"eve-{credentials.namespace}"
    # The signer is nobody's, so that the run waits; then it is cut off, as by a power cut.
    arguments = {"kubeconfig": str(credentials.cluster.kubeconfig), "path": str(credentials.path), "user": name}
    script = credentials.folder / "arguments.json"
    script.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, "signer_name": "example.com/nobody"}}))
    module = "ansible_collections.bulkhead.container_security.plugins.modules.k8s_credential"
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(script)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": f"{Path(__file__).parents[2]}/.build/collections"},
    )
    credentials.cluster.processes.wait(
        "approved request",
        lambda: "Approved" in credentials.cluster.kubectl("get", REQUESTS),
        ["kube-apiserver"],
    )
    process.kill()
    process.wait()
    assert "bulkhead-" in credentials.cluster.kubectl("get", REQUESTS, "-o", "name")
    assert not credentials.path.exists()
    assert credentials.done(user=name)["changed"]


def test_a_signer_that_never_answers_leaves_nothing(credentials: Credentials) -> None:
    result = credentials.run(user="eve", signer_name="example.com/nobody", wait_timeout=0.2)
    assert "was not signed within 0.2 s" in result["msg"]
    assert not credentials.path.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"user": "x", "groups": ["system:masters"]}, "allow_privileged_groups"),
        ({"user": "a\nb"}, "control characters"),
        ({"user": "x" * 10_000}, "64 at most"),
        ({"service_account": "../x", "namespace": "default", "type": "token"}, "is no name of an object"),
        ({"service_account": "none", "namespace": "default", "type": "token"}, "There is no ServiceAccount"),
        ({"user": "x", "path": "/nowhere/x"}, "there is no folder /nowhere"),
        ({"user": "x", "path": None}, "Nobody would get the credential"),
        ({"user": "x", "type": "token"}, "needs service_account"),
        ({"state": "revoked", "user": "system:admin"}, "user of the cluster itself"),
        ({"state": "revoked", "user": "admin"}, "does not lock itself out"),
        ({"state": "revoked", "service_account": "default", "namespace": "kube-system"}, "is protected"),
    ],
)
def test_refused_in_one_sentence_with_nothing_changed(
    k8s: Kubernetes, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    credentials = Credentials(k8s, "default", tmp_path)
    result = credentials.run(**options)
    assert result["failed"], result
    assert said in result["msg"]
    assert len(result["msg"]) < 400
    assert list(credentials.folder.iterdir()) == []


def test_hostile_names_that_are_possible_stay_names(credentials: Credentials) -> None:
    name = '../../ada", O = system:masters #'
    made = credentials.done(user=name, groups=["O=system:masters,CN=x"])
    assert made["credential"]["user"] == name
    assert made["credential"]["groups"] == ["O=system:masters,CN=x"]
    assert credentials.kubectl("get", "nodes").returncode != 0
    assert sorted(file.name for file in credentials.folder.iterdir()) == ["cache", "shop.conf"]


def test_files_of_somebody_else_are_left_alone(credentials: Credentials) -> None:
    other = credentials.cluster.user("mallory")
    for path, said in ((other, "'mallory'"), (credentials.cluster.kubeconfig, "this very task uses")):
        before = path.read_bytes()
        result = credentials.run(user="x", path=str(path))
        assert said in result["msg"]
        assert path.read_bytes() == before
    credentials.path.write_text("not: a kubeconfig")
    assert "no kubeconfig of one user" in credentials.run(user="x")["msg"]
    taken = credentials.done(user="x", path=str(other), force=True)
    assert taken["reasons"] == ["it is the credential of 'mallory'"]


@pytest.mark.parametrize(
    ("signed_here", "said"),
    [(False, "the cluster does not accept it: it is of another cluster, or was revoked"), (True, "it has expired")],
    ids=["of another cluster", "expired"],
)
def test_a_certificate_that_lets_nobody_in_is_replaced(credentials: Credentials, signed_here: bool, said: str) -> None:
    credentials.done(user="ada")
    content = yaml.safe_load(credentials.path.read_text())
    other = credentials.folder / "other"
    write_certificate(other, credentials.cluster.workdir / "pki" / "ca" if signed_here else None)
    for kind, key in (("crt", "client-certificate-data"), ("key", "client-key-data")):
        data = Path(f"{other}.{kind}").read_bytes()
        content["users"][0]["user"][key] = base64.b64encode(data).decode()
    credentials.path.write_text(yaml.safe_dump(content))
    assert credentials.done(user="ada")["reasons"] == [said]
    assert credentials.kubectl("get", "nodes").stderr.count("forbidden") == 1


def test_nobody_may_approve_who_lacks_the_permission(credentials: Credentials) -> None:
    creator = credentials.cluster.user("creator")
    credentials.cluster.kubectl(
        "create", "clusterrole", "csr-maker", "--verb=create,get,list,delete", f"--resource={REQUESTS}"
    )
    credentials.cluster.kubectl(
        "create", "clusterrolebinding", "csr-maker", "--clusterrole=csr-maker", "--user=creator"
    )
    try:
        result = credentials.run(user="x", kubeconfig=str(creator))
        assert "may not be approved" in result["msg"]
        assert not credentials.path.exists()
    finally:
        credentials.cluster.kubectl("delete", "clusterrolebinding/csr-maker", "clusterrole/csr-maker")

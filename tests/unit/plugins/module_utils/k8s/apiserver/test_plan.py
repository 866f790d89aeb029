# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would do, on a made-up host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.refusal import Refused
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.apiserver_home import MANIFEST, ApiServerHome

POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}


@pytest.fixture
def home(tmp_path: Path) -> ApiServerHome:
    return ApiServerHome(tmp_path)


def test_files_are_mounted_and_logs_get_a_folder_of_their_own(home: ApiServerHome) -> None:
    plan = home.plan(
        flags={"audit-log-path": "/var/log/kubernetes/audit/audit.log"},
        files=[home.file("audit-policy-file", POLICY), home.file("oidc-ca-file", "x: y", "/etc/oidc/ca.pem")],
    )
    mounts = {mount.path: (mount.kind, mount.read_only) for mount in plan.pod.mounts}
    assert mounts == {
        "/var/log/kubernetes/audit": ("DirectoryOrCreate", False),
        str(home.config_dir): ("DirectoryOrCreate", True),
        "/etc/oidc/ca.pem": ("File", True),
    }
    assert plan.folders == ["/var/log/kubernetes/audit"]
    assert plan.restart


def test_a_file_that_says_the_same_in_other_words_stays(home: ApiServerHome) -> None:
    home.config_dir.mkdir()
    file = home.config_dir / "audit-policy-file.yaml"
    file.write_text("# ours\nkind: Policy\napiVersion: audit.k8s.io/v1\nrules: [{level: Metadata}]\n")
    file.chmod(0o600)
    assert not home.plan(files=[home.file("audit-policy-file", POLICY)]).files
    file.chmod(0o644)
    [change] = home.plan(files=[home.file("audit-policy-file", POLICY)]).files
    assert change.before == change.after


def test_plugins_are_added_and_leave_the_other_list(home: ApiServerHome) -> None:
    home.manifest.write_text(
        MANIFEST.replace("    image:", "    - --disable-admission-plugins=A,AlwaysPullImages\n    image:")
    )
    plan = home.plan(enable_admission_plugins=["AlwaysPullImages"])
    assert plan.flags == {
        "enable-admission-plugins": ["NodeRestriction,AlwaysPullImages"],
        "disable-admission-plugins": ["A"],
    }
    assert not home.plan(enable_admission_plugins=["NodeRestriction"]).flags


def test_the_members_of_a_map_are_merged(home: ApiServerHome) -> None:
    home.manifest.write_text(MANIFEST.replace("    image:", "    - --feature-gates=A=true,B=true\n    image:"))
    assert home.plan(flags={"feature-gates": {"B": False}}).flags == {"feature-gates": ["A=true,B=false"]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"flags": {"authorization-mode": "AlwaysDeny"}}, "refuses every request"),
        ({"flags": {"authorization-mode": ["Node", "Webhook"]}}, "without RBAC"),
        ({"flags": {"authorization-mode": None}}, "without RBAC"),
        ({"flags": {"authorization-mode": "RBAC"}}, "locks the kubelets out"),
        ({"flags": {"anonymous-auth": False}}, "set anonymous_probes to tcp"),
        ({"flags": {"etcd-servers": "https://x"}}, "no matter of hardening"),
        ({"flags": {"secure-port": 443}}, "no matter of hardening"),
        ({"flags": {"insecure-port": 0}}, "removed in 1.24"),
        ({"flags": {"client-ca-file": "/nowhere"}}, "which is not there"),
        ({"enable_admission_plugins": ["PodSecurityPolicy"]}, "removed in 1.25"),
        ({"enable_admission_plugins": ["EventRateLimit"]}, "needs a configuration"),
        ({"enable_admission_plugins": ["AlwaysDeny"]}, "refuses every object"),
        ({"enable_admission_plugins": ["A1"], "disable_admission_plugins": ["A1"]}, "not both"),
    ],
)
def test_what_would_harm_is_refused(home: ApiServerHome, options: dict[str, Any], said: str) -> None:
    with pytest.raises(K8sError, match=said):
        home.plan(**options)


def test_encryption_cannot_just_be_switched_off(home: ApiServerHome) -> None:
    home.manifest.write_text(MANIFEST.replace("    image:", "    - --encryption-provider-config=/x\n    image:"))
    with pytest.raises(Refused, match="could not be read any more"):
        home.plan(flags={"encryption-provider-config": None})


def test_probes_are_content_with_a_port_where_nobody_may_ask(home: ApiServerHome) -> None:
    plan = home.plan(flags={"anonymous-auth": False}, anonymous_probes="tcp")
    assert plan.pod.probes == {
        "livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 6443}, "failureThreshold": 8}
    }


def test_probes_that_are_not_ours_to_judge(home: ApiServerHome) -> None:
    closed = MANIFEST.replace("    image:", "    - --anonymous-auth=false\n    image:")
    home.manifest.write_text(closed)
    assert not home.plan(flags={"profiling": False}).pod.probes, "nobody asked for it"
    token = "        httpHeaders: [{name: Authorization, value: Bearer x}]\n        host:"
    home.manifest.write_text(closed.replace("        host:", token, 1))
    assert not home.plan(flags={"anonymous-auth": False}).pod.probes, "it brings a token of its own"


@pytest.mark.parametrize(("paths", "fails"), [(["/livez", "/readyz"], False), (["/readyz"], True), ([], False)])
def test_probes_work_where_their_paths_are_allowed(home: ApiServerHome, paths: list[str], fails: bool) -> None:
    content = {
        "apiVersion": "apiserver.config.k8s.io/v1beta1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, **({"conditions": [{"path": path} for path in paths]} if paths else {})},
    }
    options = {"files": [home.file("authentication-config", content)], "kubernetes_version": "1.32"}
    if not fails:
        assert not home.plan(**options).pod.probes
        return
    with pytest.raises(Refused, match="anonymous_probes"):
        home.plan(**options)


def test_the_annotation_changes_with_content_and_never_tells_of_a_key(home: ApiServerHome) -> None:
    marks = [home.plan(encryption=home.encryption(key_name=name)).pod.annotation for name in ("a", "a", "b")]
    assert marks[0] == marks[1] != marks[2]


def test_a_change_of_content_back_and_forth_still_restarts(home: ApiServerHome) -> None:
    files = [home.file("audit-policy-file", POLICY)]
    plan = home.plan(files=files)
    home.manifest.write_text(str(plan.text))
    home.config_dir.mkdir()
    file = home.config_dir / "audit-policy-file.yaml"
    file.write_text("rules: []\n")
    file.chmod(0o600)
    again = home.plan(files=files)
    assert again.pod.annotation not in (None, plan.pod.annotation)
    assert again.restart


def test_what_a_run_does_not_declare_does_not_restart_it(home: ApiServerHome) -> None:
    plan = home.plan(files=[home.file("audit-policy-file", POLICY)], encryption=home.encryption())
    home.config_dir.mkdir()
    for change in plan.files:
        Path(change.path).write_text(str(change.after))
        Path(change.path).chmod(0o600)
    home.manifest.write_text(str(plan.text))
    assert not home.plan(encryption=home.encryption()).restart
    assert not home.plan(files=[home.file("audit-policy-file", POLICY)]).restart


def test_the_release_is_that_of_the_image(home: ApiServerHome) -> None:
    assert home.situation().release == (1, 28)
    assert home.situation(kubernetes_version="v1.30.1").release == (1, 30)
    home.manifest.write_text(MANIFEST.replace(":v1.28.3", ":1.0"))
    with pytest.raises(K8sError, match="set kubernetes_version"):
        home.situation(address="127.0.0.1:1")


def test_a_host_without_a_manifest_says_where_to_go(home: ApiServerHome) -> None:
    home.manifest.unlink()
    with pytest.raises(K8sError, match="runs no API server as a static pod"):
        home.situation()

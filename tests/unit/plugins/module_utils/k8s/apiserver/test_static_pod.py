# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a static pod, and what changes in it."""

from __future__ import annotations

import difflib
import json

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.static_pod import (
    ANNOTATION,
    Mount,
    PodChange,
    StaticPod,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import YamlProblem
from tests.unit.apiserver_home import MANIFEST

CHANGE = PodChange(
    {"profiling": ["false"], "authorization-mode": ["Node,RBAC,Webhook"], "client-ca-file": None},
    [Mount("bulkhead", "/etc/kubernetes/bulkhead", "DirectoryOrCreate", True)],
    (),
    {"livenessProbe": {"tcpSocket": {"port": 6443}}},
    "abc",
)


def lines_changed(before: str, after: str) -> list[str]:
    return [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]


def test_nothing_else_changes_and_comments_survive() -> None:
    text, kept = StaticPod("m", MANIFEST).changed(
        PodChange({"profiling": ["false"], "authorization-mode": ["Node,RBAC,Webhook"]})
    )
    assert kept
    assert lines_changed(MANIFEST, text) == [
        "-    - --authorization-mode=Node,RBAC   # both",
        "+    - --authorization-mode=Node,RBAC,Webhook   # both",
        "+    - --profiling=false",
    ]


@pytest.mark.parametrize("text", [MANIFEST, json.dumps(yaml.safe_load(MANIFEST))], ids=["yaml", "json"])
def test_a_change_and_its_way_back(text: str) -> None:
    pod = StaticPod("m", text)
    after, kept = pod.changed(CHANGE)
    changed = StaticPod("m", after)
    assert kept or text.startswith("{")
    assert changed.flags["profiling"] == ["false"]
    assert "client-ca-file" not in changed.flags
    assert changed.annotation == "abc"
    assert changed.covers("/etc/kubernetes/bulkhead/policy.yaml", written=False)
    back, _kept = changed.changed(
        PodChange(
            {"profiling": None, "authorization-mode": ["Node,RBAC"], "client-ca-file": ["/etc/kubernetes/pki/ca.crt"]},
            [],
            {"bulkhead"},
            {"livenessProbe": pod.container["livenessProbe"]},
            None,
        )
    )
    assert yaml.safe_load(back) == yaml.safe_load(text)


def test_command_and_args_are_both_known() -> None:
    data = yaml.safe_load(MANIFEST)
    container = data["spec"]["containers"][0]
    container["args"] = [*container["command"][1:], "--profiling=true"]
    container["command"] = ["/usr/local/bin/kube-apiserver"]
    pod = StaticPod("m", yaml.safe_dump(data))
    text, _kept = pod.changed(PodChange({"profiling": ["false"], "v": ["1"]}, annotation=None))
    assert StaticPod("m", text).words == [*[w.replace("=true", "=false") for w in pod.words], "--v=1"]


def test_a_pod_without_volumes_gets_some() -> None:
    data = yaml.safe_load(MANIFEST)
    del data["spec"]["volumes"], data["spec"]["containers"][0]["volumeMounts"]
    text, kept = StaticPod("m", yaml.safe_dump(data)).changed(CHANGE)
    assert kept
    assert StaticPod("m", text).covers("/etc/kubernetes/bulkhead/x", written=False)


@pytest.mark.parametrize(
    ("path", "written", "covered"),
    [
        ("/etc/kubernetes/pki/ca.crt", False, True),
        ("/etc/kubernetes/pki/audit.log", True, False),
        ("/etc/kubernetes/pkix", False, False),
        ("/etc/kubernetes", False, False),
    ],
)
def test_what_the_pod_finds_of_the_host(path: str, written: bool, covered: bool) -> None:
    assert StaticPod("m", MANIFEST).covers(path, written=written) is covered


def _container(fields: str) -> str:
    return f"kind: Pod\nspec: {{containers: [{{name: kube-apiserver, {fields}}}]}}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MANIFEST.replace("kind: Pod", "kind: Job"), "not the manifest"),
        (MANIFEST.replace("- kube-apiserver\n", "- /bin/sh\n    - -c\n", 1), "through /bin/sh"),
        (MANIFEST.replace("- kube-apiserver\n", "- busybox\n    - sh\n    - -c\n", 1), "through busybox"),
        ("kind: Pod\nspec: text", "spec is not a mapping"),
        ("kind: Pod\nspec: {containers: [text]}", "spec.containers is not a list of containers"),
        (_container("command: kube-apiserver --profiling=false"), "command is not a list of words"),
        (_container("command: [kube-apiserver, --a=b], livenessProbe: text"), "livenessProbe is not a mapping"),
        (_container("command: [kube-apiserver, --a=b], volumeMounts: [text]"), "volumeMounts is not a list of mounts"),
        ("a: b\n", "not the manifest"),
    ],
)
def test_what_cannot_be_changed_is_refused(text: str, said: str) -> None:
    with pytest.raises(YamlProblem, match=said):
        StaticPod("m", text)


def test_the_annotation_goes_with_its_key_where_it_was_alone() -> None:
    text = MANIFEST.replace(
        "  annotations:\n    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 10.0.0.1:6443\n", ""
    )
    after, _kept = StaticPod("m", text).changed(PodChange(annotation="x"))
    assert yaml.safe_load(after)["metadata"]["annotations"] == {ANNOTATION: "x"}
    assert StaticPod("m", after).changed(PodChange(annotation=None)) == (text, True)


@pytest.mark.parametrize(("where", "uid"), [("pod", 1000), ("container", 2000), ("", 0)])
def test_the_user_that_must_read_the_files(where: str, uid: int) -> None:
    data = yaml.safe_load(MANIFEST)
    holders = {"pod": data["spec"], "container": data["spec"]["containers"][0], "": {}}
    holders[where]["securityContext"] = {"runAsUser": uid}
    assert StaticPod("m", yaml.safe_dump(data)).run_as_user == uid

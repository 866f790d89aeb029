# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's options, and what it says of manifests. What it says of a cluster is in tests/e2e."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.modules import k8s_pod_security_info
from tests.lab.ansible import run_module

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers: [{name: web, image: nginx, env: [{name: PASSWORD, value: correct-horse}]}]
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: bad, namespace: blog}, spec: {containers: 5}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "all.yaml").write_text(MANIFESTS)
    return tmp_path


def info(**options: Any) -> dict[str, Any]:
    return run_module("k8s_pod_security_info", options, check=True)


def test_every_option_is_documented_with_its_default() -> None:
    documented = yaml.safe_load(k8s_pod_security_info.DOCUMENTATION)["options"]
    spec = k8s_pod_security_info.argument_spec()
    for name, option in documented.items():
        assert spec[name].get("default") == option.get("default"), name
        assert spec[name].get("type") == option["type"], name
        assert spec[name].get("choices") == option.get("choices"), name
        assert set(spec[name].get("options", {})) == set(option.get("suboptions", {})), name


def test_manifests_are_judged_without_a_cluster(folder: Path) -> None:
    found = info(src=[str(folder)], level="baseline")
    assert (found["changed"], found["version"]) == (False, "latest")
    assert [(row["namespace"], row["name"]) for row in found["workloads"]] == [("blog", "bad")]
    assert {row["namespace"]: row["enforce"] for row in found["namespaces"]} == {"blog": None, "shop": "baseline"}
    assert found["summary"]["denied"] == 1


def test_rules_and_namespaces(folder: Path) -> None:
    found = info(src=[str(folder)], level="privileged", namespaces=["shop"], rules={"forbid_latest": True})
    assert [row["violations"][0]["control"] for row in found["workloads"]] == ["forbid_latest"]
    assert [row["namespace"] for row in found["namespaces"]] == ["shop"]


def test_definitions_are_kept_out_of_the_result() -> None:
    found = info(definitions=list(yaml.safe_load_all(MANIFESTS)), include_admitted=True)
    assert len(found["workloads"]) == 2
    assert "correct-horse" not in json.dumps(found)


@pytest.mark.parametrize(("version", "warnings"), [("1.3", 1), ("v1.3", 0), ("1.30", 0)])
def test_a_version_that_yaml_cut_short_is_warned_of(version: str, warnings: int) -> None:
    assert len(info(definitions=[], version=version).get("warnings", [])) == warnings


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"src": ["/nowhere.yaml"]}, "/nowhere.yaml cannot be read"),
        ({"definitions": ["a: [b"]}, "is no YAML"),
        ({"definitions": [["a"]]}, "definitions[0] is no object"),
        ({"definitions": [], "version": "2.5"}, "'2.5' is no version"),
        ({"definitions": [], "rules": {"required_limits": ["a b"]}}, "required_limits: 'a b' is no name"),
        ({"definitions": [], "namespace_selector": "a=b"}, "mutually exclusive"),
    ],
)
def test_a_fault_is_one_sentence(options: dict[str, Any], fault: str) -> None:
    found = info(**options)
    assert found["failed"]
    assert fault in found["msg"]

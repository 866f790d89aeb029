# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of namespaces that belong to somebody else, on a real API server."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes

LABEL = "pod-security.kubernetes.io/enforce"


@dataclass(frozen=True)
class Spaces:
    """Two namespaces of somebody else, and a field manager that nobody else uses."""

    cluster: Kubernetes
    first: str
    second: str
    manager: str

    def keep(self, namespaces: Any, *, check: bool = False, **options: Any) -> dict[str, Any]:
        given = {"kubeconfig": str(self.cluster.kubeconfig), "field_manager": self.manager, "namespaces": namespaces}
        return run_module("k8s_namespace_labels", {**given, **options}, check=check, diff=True)

    def labels(self, name: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.cluster.kubectl("get", "namespace", name, "-o", "json"))["metadata"][
            "labels"
        ]
        return {key: value for key, value in found.items() if key != "kubernetes.io/metadata.name"}


@pytest.fixture
def spaces(k8s_api: Kubernetes) -> Iterator[Spaces]:
    suffix = uuid.uuid4().hex[:8]
    found = Spaces(k8s_api, f"first-{suffix}", f"second-{suffix}", f"test-{suffix}")
    for name in (found.first, found.second):
        k8s_api.make_namespace(name, {"team": "a"})
    yield found
    for name in (found.first, found.second, f"new-{suffix}"):
        with contextlib.suppress(Exception):
            k8s_api.kubectl("delete", "namespace", name, "--wait=false")


def test_labels_come_once_change_and_go_with_the_declaration(spaces: Spaces) -> None:
    wanted = {spaces.first: {LABEL: "baseline"}, spaces.second: {LABEL: "restricted"}}
    predicted = spaces.keep(wanted, check=True)
    assert (predicted["changed"], spaces.labels(spaces.first)) == (True, {"team": "a"})
    assert spaces.keep(wanted)["namespaces"] == predicted["namespaces"]
    assert spaces.labels(spaces.first) == {"team": "a", LABEL: "baseline"}
    assert spaces.keep(wanted)["changed"] is False

    left = spaces.keep({spaces.first: {LABEL: "restricted"}})
    assert [row["name"] for row in left["namespaces"]] == [spaces.first, spaces.second]
    assert spaces.labels(spaces.first)[LABEL] == "restricted"
    assert spaces.labels(spaces.second) == {"team": "a"}
    assert spaces.keep({})["changed"]
    assert spaces.labels(spaces.first) == {"team": "a"}
    assert spaces.keep({})["changed"] is False


def test_what_somebody_changed_by_hand_is_brought_back_only_when_told(spaces: Spaces) -> None:
    wanted = {spaces.first: {LABEL: "restricted"}, spaces.second: {"x": "y"}}
    spaces.keep(wanted)
    spaces.cluster.kubectl("label", "namespace", spaces.first, f"{LABEL}=privileged", "--overwrite")
    refused = spaces.keep({**wanted, spaces.second: {"x": "z"}})
    assert refused["failed"]
    assert "force_conflicts takes them over" in refused["msg"]
    assert spaces.labels(spaces.second)["x"] == "y"
    assert spaces.keep(wanted, force_conflicts=True)["changed"]
    assert spaces.labels(spaces.first)[LABEL] == "restricted"


def test_a_label_that_somebody_else_has_set_to_the_same_value_stays(spaces: Spaces) -> None:
    spaces.cluster.kubectl("label", "namespace", spaces.first, f"{LABEL}=baseline")
    spaces.keep({spaces.first: {LABEL: "baseline"}})
    spaces.keep({})
    assert spaces.labels(spaces.first) == {"team": "a", LABEL: "baseline"}


def test_a_namespace_that_is_not_there_is_refused_unless_it_is_to_be_made(spaces: Spaces) -> None:
    new = spaces.manager.replace("test", "new")
    wanted = {spaces.first: {LABEL: "baseline"}, new: {LABEL: "baseline"}}
    refused = spaces.keep(wanted)
    assert f"There is no namespace {new}" in refused["msg"]
    assert spaces.labels(spaces.first) == {"team": "a"}
    made = spaces.keep(wanted, create=True)
    assert [row["created"] for row in made["namespaces"] if row["name"] == new] == [True]
    spaces.keep({})
    assert json.loads(spaces.cluster.kubectl("get", "namespace", new, "-o", "json"))["status"]["phase"] == "Active"


@pytest.mark.parametrize("labels", [{LABEL: 1}, "restricted", None])
def test_labels_that_are_none_are_refused(spaces: Spaces, labels: Any) -> None:
    assert "give a dictionary of labels" in spaces.keep({spaces.first: labels})["msg"]


def test_a_label_that_the_server_does_not_take_changes_nothing(spaces: Spaces) -> None:
    refused = spaces.keep({spaces.first: {"good": "label"}, spaces.second: {LABEL: "no such/value!"}})
    assert refused["failed"]
    assert spaces.labels(spaces.first) == {"team": "a"}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images are found wherever Kubernetes lets one write them."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_admission.errors import BadReview
from bulkhead_admission.pod_images import annotation_of, images_of, makes_pods

SPEC = {
    "initContainers": [{"image": "a"}],
    "containers": [{"image": "b"}, {"image": "a"}, {"name": "none yet"}],
    "ephemeralContainers": [{"image": "c"}],
}
TEMPLATE = {"metadata": {"annotations": {"note": "x"}}, "spec": SPEC}
OBJECTS: dict[str, dict[str, Any]] = {
    "Pod": TEMPLATE,
    "CronJob": {"spec": {"jobTemplate": {"spec": {"template": TEMPLATE}}}},
    **{
        kind: {"spec": {"template": TEMPLATE}}
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController")
    },
}


@pytest.mark.parametrize("kind", list(OBJECTS))
def test_each_kind_shows_its_images_and_annotations(kind: str) -> None:
    assert makes_pods(kind)
    assert images_of(kind, OBJECTS[kind]) == ("a", "b", "c")
    assert annotation_of(kind, OBJECTS[kind], "note") == "x"
    assert annotation_of(kind, OBJECTS[kind], "other") is None


def test_containers_that_are_added_to_a_running_pod_are_seen_in_their_old_form_too() -> None:
    assert images_of("EphemeralContainers", {"ephemeralContainers": [{"image": "c"}]}) == ("c",)


def test_a_controller_without_a_template_has_no_images() -> None:
    assert images_of("ReplicationController", {"spec": {"replicas": 0}}) == ()


@pytest.mark.parametrize(
    ("kind", "manifest"),
    [
        ("Pod", {}),
        ("Pod", {"spec": {"containers": {"image": "a"}}}),
        ("Pod", {"spec": {"containers": ["a"]}}),
        ("Pod", {"spec": {"containers": [{"image": 7}]}}),
        ("Pod", {"spec": {"containers": [{"image": f"i{number}"} for number in range(501)]}}),
        ("Deployment", {"spec": {"template": "x"}}),
        ("CronJob", {"spec": {}}),
    ],
)
def test_what_is_not_like_its_kind_is_refused(kind: str, manifest: dict[str, Any]) -> None:
    with pytest.raises(BadReview):
        images_of(kind, manifest)

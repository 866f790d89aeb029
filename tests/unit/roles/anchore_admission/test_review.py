# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions are read as API servers ask them, and answers are what they understand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bulkhead_admission.errors import BadReview
from bulkhead_admission.review import BREAK_GLASS, Answer, read_admission, read_image_review, written
from tests.unit.roles.anchore_admission.reviews import pod, question, review


def test_an_update_asks_about_new_images_only() -> None:
    assert question(pod("a", "b")).images == ("a", "b")
    asked = question(pod("a", "b"), pod("a"))
    assert (asked.images, asked.all_images) == (("b",), ("a", "b"))
    # An image that moves from an init container to a container was let in before.
    assert question(pod("a"), {"spec": {"initContainers": [{"image": "a"}], "containers": []}}).images == ()


def test_deletions_and_other_kinds_have_no_images() -> None:
    assert question(None, pod("a"), operation="DELETE").images == ()
    assert question({"data": {}}, kind="ConfigMap").images == ()


def test_an_annotation_counts_as_new_when_it_changes() -> None:
    noted = pod("a", annotations={BREAK_GLASS: "why"})
    assert question(noted).break_glass_new
    assert not question(noted, noted).break_glass_new
    assert question(noted, pod("a")).break_glass_new
    assert question(pod("a"), noted).break_glass is None


def test_a_name_that_is_yet_to_be_made_is_shown_by_its_beginning() -> None:
    assert question(pod("a", generateName="web-"), name=None).name == "web-*"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100_000,
        b"[]",
        json.dumps({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v2"}).encode(),
        json.dumps({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": []}).encode(),
        json.dumps(review(None)).encode(),
        json.dumps(review([])).encode(),
        json.dumps(review(pod("a"), uid=7)).encode(),
        json.dumps(review(pod("a"), kind="Pod", operation=None)).encode(),
    ],
)
def test_what_is_no_review_is_refused(body: bytes) -> None:
    with pytest.raises(BadReview):
        read_admission(body)


def test_a_refusal_is_in_the_version_of_the_question() -> None:
    asked = question(pod("a"))
    answer = Answer(False, "no", ["x" * 1000] * 50, {"policy": "p"})
    told: dict[str, Any] = json.loads(written(asked, answer))
    assert told["apiVersion"] == "admission.k8s.io/v1"
    response = told["response"]
    assert (response["uid"], response["allowed"], response["status"]["message"]) == ("u-1", False, "no")
    assert "patch" not in response
    assert sum(map(len, response["warnings"])) <= 4096
    assert response["auditAnnotations"] == {"policy": "p"}


def test_an_image_review_is_read_and_answered() -> None:
    spec = {"containers": [{"image": "a"}, {"image": "b"}], "namespace": "shop"}
    body = {"apiVersion": "imagepolicy.k8s.io/v1alpha1", "kind": "ImageReview", "spec": spec}
    asked = read_image_review(json.dumps(body).encode())
    assert (asked.images, asked.namespace) == (("a", "b"), "shop")
    told = json.loads(written(asked, Answer(False, "no", annotations={"policy": "p"})))
    assert told["status"] == {"allowed": False, "reason": "no", "auditAnnotations": {"policy": "p"}}

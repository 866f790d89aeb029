# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions of an API server, and answers that it reads: AdmissionReview v1 and v1beta1, ImageReview v1alpha1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bulkhead_admission.errors import BadReview
from bulkhead_admission.pod_images import annotation_of, images_of, makes_pods

ADMISSION_VERSIONS = ("admission.k8s.io/v1", "admission.k8s.io/v1beta1")
IMAGE_POLICY_VERSION = "imagepolicy.k8s.io/v1alpha1"
BREAK_GLASS = "admission.bulkhead.io/break-glass"
"""The annotation of a pod, or of the template of one, whose value is the reason."""
# The API server cuts a warning there, and takes 4096 characters of all of them.
_LONGEST_WARNING = 250
_MOST_WARNINGS = 12


@dataclass(frozen=True)
class Question:
    """Who asks for what. images: those to judge; all_images: those of the object.

    break_glass: the reason in the annotation. break_glass_new: whether this request sets or changes it.
    """

    version: str
    uid: str
    kind: str
    namespace: str
    name: str
    operation: str
    user: str
    groups: tuple[str, ...]
    images: tuple[str, ...]
    all_images: tuple[str, ...] = ()
    break_glass: str | None = None
    break_glass_new: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Answer:
    """What the API server is told; annotations go into its audit log."""

    allowed: bool
    message: str = ""
    warnings: Sequence[str] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Content:
    """What counts of an object."""

    images: tuple[str, ...] = ()
    break_glass: str | None = None


_NOTHING = _Content()


def read_admission(body: bytes) -> Question:
    """The question of an AdmissionReview. BadReview for anything else."""
    review = _parsed(body, "AdmissionReview", ADMISSION_VERSIONS)
    request = _member(review, "request", dict)
    kind, operation = _text(_member(request, "kind", dict), "kind"), _text(request, "operation")
    user, groups = _asker(request)
    now, before = _NOTHING, _content(request, "oldObject", kind)
    if operation in ("CREATE", "UPDATE"):
        _member(request, "object", dict)
        now = _content(request, "object", kind)
    return Question(
        version=review["apiVersion"],
        uid=_text(request, "uid"),
        kind=kind,
        namespace=str(request.get("namespace") or ""),
        name=str(request.get("name") or _generated_name(request.get("object"))),
        operation=operation,
        user=user,
        groups=groups,
        images=tuple(image for image in now.images if operation == "CREATE" or image not in before.images),
        all_images=now.images,
        break_glass=now.break_glass,
        break_glass_new=now.break_glass is not None and now.break_glass != before.break_glass,
        dry_run=request.get("dryRun") is True,
    )


def read_image_review(body: bytes) -> Question:
    """The question of an ImageReview, which does not say who asks, nor for which pod."""
    review = _parsed(body, "ImageReview", (IMAGE_POLICY_VERSION,))
    spec = _member(review, "spec", dict)
    images = images_of("Pod", {"spec": {"containers": spec.get("containers")}})
    namespace = str(spec.get("namespace") or "")
    return Question(IMAGE_POLICY_VERSION, "", "Pod", namespace, "", "CREATE", "", (), images, images)


def written(question: Question, answer: Answer) -> bytes:
    """The answer, as JSON in the version of the question."""
    if question.version == IMAGE_POLICY_VERSION:
        status: dict[str, Any] = {"allowed": answer.allowed, "auditAnnotations": dict(answer.annotations)}
        if answer.message:
            status["reason"] = answer.message
        return json.dumps({"apiVersion": question.version, "kind": "ImageReview", "status": status}).encode()
    response: dict[str, Any] = {"uid": question.uid, "allowed": answer.allowed}
    if answer.annotations:
        response["auditAnnotations"] = dict(answer.annotations)
    if answer.warnings:
        response["warnings"] = [warning[:_LONGEST_WARNING] for warning in answer.warnings[:_MOST_WARNINGS]]
    if not answer.allowed:
        response["status"] = {"code": 403, "reason": "Forbidden", "message": answer.message}
    return json.dumps({"apiVersion": question.version, "kind": "AdmissionReview", "response": response}).encode()


def _content(request: Mapping[str, Any], key: str, kind: str) -> _Content:
    manifest = request.get(key)
    if manifest is None or not makes_pods(kind):
        return _NOTHING
    if not isinstance(manifest, dict):
        raise BadReview(f"{key} is no object")
    return _Content(images_of(kind, manifest), annotation_of(kind, manifest, BREAK_GLASS))


def _asker(request: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The name and the groups of who asks."""
    user = request.get("userInfo")
    if not isinstance(user, dict):
        return "", ()
    groups = user.get("groups")
    return str(user.get("username") or ""), tuple(map(str, groups)) if isinstance(groups, list) else ()


def _parsed(body: bytes, kind: str, versions: Sequence[str]) -> dict[str, Any]:
    try:
        review = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadReview("the body is not JSON") from error
    if not isinstance(review, dict) or review.get("kind") != kind or review.get("apiVersion") not in versions:
        raise BadReview(f"the body is no {kind} of {' or '.join(versions)}")
    return review


def _member(container: Mapping[str, Any], key: str, kind: type) -> Any:
    found = container.get(key)
    if not isinstance(found, kind):
        raise BadReview(f"{key} is missing, or not what it should be")
    return found


def _text(container: Mapping[str, Any], key: str) -> str:
    found: str = _member(container, key, str)
    return found


def _generated_name(manifest: object) -> str:
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    prefix = metadata.get("generateName") if isinstance(metadata, dict) else None
    return f"{prefix}*" if prefix else ""

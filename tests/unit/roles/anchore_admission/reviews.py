# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reviews and configurations that tests begin from."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import Evaluation, Reason
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from bulkhead_admission import config as configuration
from bulkhead_admission.config import Config
from bulkhead_admission.review import Question, read_admission

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def settings(**more: Any) -> dict[str, Any]:
    """The content of a configuration file."""
    return {
        "listen": "127.0.0.1:8443",
        "health": "127.0.0.1:8080",
        "tls": {"cert_file": "cert.pem", "key_file": "key.pem"},
        "own_namespace": "bulkhead-admission",
        "scanner": {"kind": "verdicts", "verdicts_file": "verdicts.json"},
        **more,
    }


def config(**more: Any) -> Config:
    """The same, read."""
    return configuration.read(settings(**more))


def pod(*images: str, **metadata: Any) -> dict[str, Any]:
    """A pod with these images."""
    return {"metadata": metadata, "spec": {"containers": [{"name": "c", "image": image} for image in images]}}


def review(manifest: Any, before: Any = None, kind: str = "Pod", **more: Any) -> dict[str, Any]:
    """An AdmissionReview about it."""
    request = {
        "uid": "u-1",
        "kind": {"kind": kind},
        "namespace": "shop",
        "name": "web",
        "operation": "UPDATE" if before else "CREATE",
        "userInfo": {"username": "jane", "groups": ["developers"]},
        "object": manifest,
        "oldObject": before,
        **more,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def question(manifest: Any, before: Any = None, kind: str = "Pod", **more: Any) -> Question:
    """The same, read."""
    return read_admission(json.dumps(review(manifest, before, kind, **more)).encode())


def evaluation(action: str, digest: str = DIGEST, reasons: int = 1) -> Evaluation:
    """A verdict with that many reasons of its action."""
    rows = tuple(Reason("vulnerabilities", "package", f"CVE-{n}", f"HIGH {n}", action) for n in range(reasons))
    return Evaluation("registry.example.com/web:1", digest, "baseline", action, rows)


class ScriptedScanner:
    """Answers with what is set: an evaluation, or an error to raise. `asked`: what it was asked about."""

    name = "scripted"

    def __init__(self, *answers: Evaluation | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str]] = []
        self.requested: list[str] = []

    def evaluate(
        self, reference: str, digest: str, policy_id: str = "", *, deadline: float | None = None
    ) -> Evaluation:
        self.asked.append((reference, digest, policy_id))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def request_analysis(self, reference: str, digest: str) -> None:
        self.requested.append(digest)


def failing(kind: str) -> ScannerError:
    """An error of that kind."""
    return ScannerError(kind, "the engine is away")

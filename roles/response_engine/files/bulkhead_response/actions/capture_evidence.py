# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""capture_evidence: what the API server knows of the pod, and its logs, sealed in a folder before the pod is gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any, ClassVar

from bulkhead_response.actions.evidence_parts import Parts, PodEvidence, as_file
from bulkhead_response.actions.pod_action import PodAction
from bulkhead_response.actions.pod_target import Pod
from bulkhead_response.actions.sealed_set import NoRoom, digest_of, now, require_room, set_name, write_set
from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.outcome import ALREADY_DONE, DONE, FAILED, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.report import alert_facts, whole_characters
from bulkhead_response.step import Context

_MEBIBYTE = 1024 * 1024
_LOGS_SHARE = 8  # a pod seldom has more logs than these, those before a restart counted


class CaptureEvidence(PodAction):
    """folder: where sets are kept, one for each alert. log_lines: of each log, the last so many.

    max_mb: the most that a set may take. min_free_mb: what is to stay free on the file system.
    """

    when_gone: ClassVar[str] = FAILED

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, ("folder", "log_lines", "max_mb", "min_free_mb"))
        self._folder = given.text("folder")
        self._log_lines = given.integer("log_lines", 2000, 1, 1_000_000)
        self._most = given.integer("max_mb", 16, 1, 1024) * _MEBIBYTE
        self._stays_free = given.integer("min_free_mb", 256, 0, 1024 * 1024) * _MEBIBYTE
        if not os.path.isabs(self._folder):
            raise ConfigError("folder: must be an absolute path")

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """See PodAction. A set that is there already says enough, whatever became of the pod."""
        path = os.path.join(self._folder, set_name(alert.id))
        digest = await asyncio.to_thread(digest_of, path)
        if digest is not None:
            return Outcome(ALREADY_DONE, f"the evidence is in {path}", details=_details(path, digest, []))
        return await super().run(alert, context)

    async def act(self, pod: Pod, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome:
        """See PodAction."""
        path = os.path.join(self._folder, set_name(alert.id))
        try:
            if context.dry_run:
                return Outcome(WOULD_DO, f"evidence of {pod} would be kept in {path}")
            await asyncio.to_thread(require_room, self._folder, self._most, self._stays_free)
            began = now()
            parts = await self._taken(pod, kubernetes, alert)
            facts = {
                "case": alert.id,
                "reason": whole_characters(f"{alert.rule} (response rule {context.rule})"),
                "subject": {"kind": "pod", "namespace": pod.namespace, "name": pod.name, "uid": pod.uid},
                "began": began,
                "ended": now(),
                "parts": parts.report,
            }
            digest = await asyncio.to_thread(write_set, path, parts.files, facts)
        except NoRoom as error:
            return Outcome(FAILED, str(error))
        gaps = f", without {', '.join(parts.missing)}" if parts.missing else ""
        return Outcome(DONE, f"evidence of {pod} is in {path}{gaps}", details=_details(path, digest, parts.missing))

    async def _taken(self, pod: Pod, kubernetes: KubernetesApi, alert: Alert) -> Parts:
        """No part, and not all of them together, may take more than the set may."""
        parts = Parts(files={"alert.json": as_file(alert_facts(alert))})
        parts.report.append({"name": "alert.json", "status": "taken", "reason": ""})
        await PodEvidence(kubernetes, pod, self._log_lines, self._most // _LOGS_SHARE).read(parts)
        left = self._most
        for part in sorted(parts.report, key=lambda part: len(parts.files.get(part["name"], b""))):
            left -= len(parts.files.get(part["name"], b""))
            if left < 0 and parts.files.pop(part["name"], None) is not None:
                part.update(status="error", reason=f"the set would be larger than {self._most // _MEBIBYTE} MiB")
        return parts


def _details(path: str, digest: str, missing: list[str]) -> dict[str, Any]:
    return {"path": path, "manifest_sha256": digest, "missing": missing}

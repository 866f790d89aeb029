# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_event: an Event at the pod, as `kubectl describe` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from bulkhead_response.alert import Alert
from bulkhead_response.kubernetes_api import ApiError
from bulkhead_response.kubernetes_path import BadName, object_path
from bulkhead_response.outcome import ALREADY_DONE, DONE, FAILED, REFUSED, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.report import cut, sentence, steps
from bulkhead_response.step import Context

_CONFLICT = 409
_LONGEST_NOTE = 1000  # a note of an Event has at most 1024 bytes


class K8sEvent:
    """It has no parameters. The Event outlives the pod, by an hour on most clusters."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        Parameters(params, ())

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """Its name comes from the key, so that the API server knows it on a second delivery."""
        target = alert.target
        if context.kubernetes is None:
            return Outcome(REFUSED, "no API server is configured (kubernetes)")
        if not target.namespace or not target.pod:
            return Outcome(REFUSED, "the alert names no pod")
        whom = f"pod {target.namespace}/{target.pod}"
        if context.dry_run:
            return Outcome(WOULD_DO, f"an Event would be put at {whom}")
        try:
            path = object_path("events", namespace=target.namespace)
            await context.kubernetes.post(path, _event(alert, context))
        except BadName as error:
            return Outcome(REFUSED, str(error))
        except ApiError as error:
            if error.status == _CONFLICT:
                return Outcome(ALREADY_DONE, f"the Event is at {whom} already")
            return Outcome(FAILED, str(error))
        return Outcome(DONE, f"an Event is at {whom}")


def _event(alert: Alert, context: Context) -> dict[str, Any]:
    """A core/v1 Event: every version of Kubernetes has it, and shows it."""
    target, now = alert.target, datetime.now(timezone.utc)
    done = "; ".join(f"{each['step']}: {each['status']}" for each in steps(context))
    stamp = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"bulkhead-response-{context.key.lower()}", "namespace": target.namespace},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": target.namespace,
            "name": target.pod,
            **({"uid": target.pod_uid} if target.pod_uid else {}),
        },
        "reason": "SecurityResponse",
        "action": "Respond",
        "message": _bounded(f"{sentence(alert)}. Response rule {context.rule}: {done or 'no action'}"),
        "type": "Warning",
        "source": {"component": "bulkhead-response"},
        "reportingComponent": "bulkhead.io/response",
        "reportingInstance": "bulkhead-response",
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
    }


def _bounded(text: str) -> str:
    return cut(text, _LONGEST_NOTE).encode()[:_LONGEST_NOTE].decode(errors="ignore")

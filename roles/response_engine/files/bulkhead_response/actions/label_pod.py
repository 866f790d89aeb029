# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""label_pod: labels and annotations on the pod; all others stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bulkhead_response.actions.label_names import check_keys
from bulkhead_response.actions.pod_action import PodAction
from bulkhead_response.actions.pod_target import Pod
from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.outcome import ALREADY_DONE, DONE, FAILED, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context


class LabelPod(PodAction):
    """labels, annotations: what the pod shall have."""

    when_gone: ClassVar[str] = FAILED

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, ("labels", "annotations"))
        self._labels = given.one_lines("labels")
        self._annotations = given.one_lines("annotations")
        check_keys("labels", self._labels, values=True)
        check_keys("annotations", self._annotations, values=False)
        if not self._labels and not self._annotations:
            raise ConfigError("labels: give labels or annotations")

    async def act(self, pod: Pod, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome:
        """See PodAction."""
        if self._labels.items() <= pod.labels.items() and self._annotations.items() <= pod.annotations.items():
            return Outcome(ALREADY_DONE, f"{pod} has them already")
        wanted = ", ".join(f"{key}={value}" for key, value in {**self._labels, **self._annotations}.items())
        if context.dry_run:
            return Outcome(WOULD_DO, f"{pod} would get {wanted}")
        changes = {"uid": pod.uid, "labels": self._labels, "annotations": self._annotations}
        await kubernetes.patch(pod.path, {"metadata": changes})
        return Outcome(DONE, f"{pod} has got {wanted}")

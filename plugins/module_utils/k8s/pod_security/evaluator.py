# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge pods by the Pod Security Standards, as the API server's own admission plugin does. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Pod, read_pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import (
    BASELINE,
    LEVELS,
    PRIVILEGED,
    RESTRICTED,
    controls_at,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import minor_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import (
    Violation,
    violation,
)

# The control of what the API server would not even decode.
MALFORMED = "malformed"


def evaluate(metadata: Any, pod_spec: Any, level: str, version: str) -> list[Violation]:
    """What stands in the way of a pod at a level of a version; nothing where it is admitted.

    metadata, pod_spec: of a pod or of a template, as JSON. Whatever they are, there is an answer: what is of the wrong
    type is a violation itself. version: 1.0 and later, with or without a v, or latest.
    Raises K8sError for a level or a version that does not exist.
    """
    return evaluate_pod(read_pod(metadata, pod_spec), level, version)


def evaluate_pod(pod: Pod, level: str, version: str) -> list[Violation]:
    """The same for a pod that was read: at several levels or versions, it need be read only once."""
    if level not in LEVELS:
        raise K8sError(f"{level!r} is no level of the Pod Security Standards; use one of {', '.join(LEVELS)}")
    minor = minor_of(version)
    if level == PRIVILEGED:
        return []
    found = [_malformed(pod)] if pod.malformed else []
    for control, form in controls_at(level, minor):
        faults = list(form.faults(pod))
        if faults:
            found.append(violation(control.id, control.level, control.wanted, faults))
    return found


def strictest_level(pod: Pod, version: str) -> str:
    """The strictest level that admits the pod."""
    return next((level for level in (RESTRICTED, BASELINE) if not evaluate_pod(pod, level, version)), PRIVILEGED)


def _malformed(pod: Pod) -> Violation:
    sentences = "; ".join(str(fault.value) for fault in pod.malformed[:5])
    fields = tuple(fault.field for fault in pod.malformed)
    return Violation(MALFORMED, BASELINE, f"the API server does not accept this pod: {sentences}", (), fields)

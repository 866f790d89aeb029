# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PodSecurityPolicy admission without an API server: whether a policy lets a pod in, and which of its fields do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.containers import (
    container_refusals,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.defaults import (
    with_defaults,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pods import (
    pod_refusals,
)

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What became of a pod.

    policy: the name of the policy that lets it in, "" where none does. pod: as it was admitted, with what the policy
    has set in it. refused: {policy: the fields of it that refuse the pod}.
    """

    policy: str
    pod: Object
    refused: Mapping[str, tuple[str, ...]]


def refusals(policy: Object, pod: Object) -> tuple[str, ...]:
    """The fields of the policy that refuse this pod, by their names in the policy, once each."""
    return _judged(policy, with_defaults(policy, pod))


def _judged(policy: Object, changed: Object) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*pod_refusals(policy, changed), *container_refusals(policy, changed)]))


def admit(policies: Iterable[Object], pod: Object) -> Verdict:
    """What an API server does with a pod whose ServiceAccount may use these policies, when the pod is created.

    By name, the first policy that lets the pod in as it is; else the first one that has to change it.
    """
    refused: dict[str, tuple[str, ...]] = {}
    changing: tuple[str, Object] | None = None
    for policy in sorted(policies, key=lambda one: str(one["metadata"]["name"])):
        name = str(policy["metadata"]["name"])
        changed = with_defaults(policy, pod)
        found = _judged(policy, changed)
        if found:
            refused[name] = found
        elif changed == with_defaults({}, pod):
            return Verdict(name, changed, refused)
        elif changing is None:
            changing = (name, changed)
    return Verdict(*changing, refused) if changing else Verdict("", pod, refused)

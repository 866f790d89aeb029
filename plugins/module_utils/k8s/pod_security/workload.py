# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes pods, and where in it the pod's template stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

_TEMPLATE = ("spec", "template")
# Kinds whose template stands elsewhere than a Deployment's.
_PLACES = {"Pod": (), "CronJob": ("spec", "jobTemplate", "spec", "template"), "PodTemplate": ("template",)}


@dataclass(frozen=True)
class Workload:
    """A pod, or what makes pods. `metadata` and `spec` are the pod's, not its maker's; `owner` is "Kind/name" or ""."""

    kind: str
    namespace: str
    name: str
    metadata: Any
    spec: Any
    owner: str = ""

    @property
    def label(self) -> str:
        """Kind and name, for sentences."""
        return f"{self.kind}/{self.name}"


def workloads_in(definition: Any) -> Iterator[Workload]:
    """The workloads of any object or List: of kinds with a pod template in its usual place, custom ones included."""
    if not isinstance(definition, Mapping):
        return
    items = definition.get("items")
    if str(definition.get("kind") or "").endswith("List") and isinstance(items, (list, tuple)):
        for item in items:
            yield from workloads_in(item)
    else:
        yield from _workload(definition)


def _workload(definition: Json) -> Iterator[Workload]:
    kind = str(definition.get("kind") or "")
    pod = template_of(definition, kind)
    if pod is None or (kind not in _PLACES and not _is_pod_template(pod)):
        return
    metadata = definition.get("metadata")
    own = metadata if isinstance(metadata, Mapping) else {}
    name = str(own.get("name") or own.get("generateName") or "")
    yield Workload(kind, str(own.get("namespace") or "default"), name, pod.get("metadata"), pod.get("spec"))


def template_of(definition: Json, kind: str) -> Json | None:
    """The pod, or the template of the pods, with metadata and spec; None where there is none."""
    found: Any = definition
    for part in _PLACES.get(kind, _TEMPLATE):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _is_pod_template(template: Json) -> bool:
    """A custom resource may have a spec.template of another kind."""
    spec = template.get("spec")
    return isinstance(spec, Mapping) and "containers" in spec

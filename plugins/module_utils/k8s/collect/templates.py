# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of Pod templates, each template judged once: ten thousand Pods have a few hundred of them. Pure."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.pod_spec import pod_spec_facts

Facts = dict[str, Any]
Json = Mapping[str, Any]
# (kind, metadata, pod specification, pod metadata) to facts that depend on the latter two, and on no label.
Judge = Callable[[str, Json, Json, Json], Facts]

# What differs from Pod to Pod and says nothing about how safe it is.
_OF_ONE_POD = frozenset(("nodeName", "hostname", "subdomain", "tolerations", "affinity", "nodeSelector"))
_OF_ONE_CONTAINER = frozenset(("env", "envFrom", "command", "args", "resources", "volumeMounts", "workingDir", "image"))
_ANNOTATIONS_THAT_COUNT = (
    "container.apparmor.security.beta.kubernetes.io/",
    "seccomp.security.alpha.kubernetes.io/",
    "container.seccomp.security.alpha.kubernetes.io/",
)


class Templates:
    """Remembers what it has judged, by digests, so that it stays small whatever the objects hold."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._security: dict[bytes, Facts] = {}
        self._uses: dict[bytes, Facts] = {}

    def facts(self, kind: str, metadata: Json, spec: Json, pod_metadata: Json) -> Facts:
        """The facts of a template. They are shared: copy before changing."""
        return {**self._of_security(kind, metadata, spec, pod_metadata), **self._of_use(spec)}

    def _of_use(self, spec: Json) -> Facts:
        key = digest({name: value for name, value in spec.items() if name not in _OF_ONE_POD})
        if key not in self._uses:
            self._uses[key] = pod_spec_facts(spec)
        return self._uses[key]

    def _of_security(self, kind: str, metadata: Json, spec: Json, pod_metadata: Json) -> Facts:
        key = digest([_projection(spec), _annotations(pod_metadata)])
        if key not in self._security:
            self._security[key] = self._judge(kind, metadata, spec, pod_metadata)
        return self._security[key]


def digest(value: Any) -> bytes:
    """Sixteen bytes that are equal for JSON values of the same keys in the same order, as one server writes them."""
    # Format 0 knows no references, so that equal values are equal bytes; JSON would take three times as long.
    return hashlib.blake2b(marshal.dumps(value, 0), digest_size=16).digest()


def _projection(spec: Json) -> dict[str, Any]:
    kept: dict[str, Any] = {name: value for name, value in spec.items() if name not in _OF_ONE_POD}
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        if kept.get(kind):
            kept[kind] = [
                {name: value for name, value in container.items() if name not in _OF_ONE_CONTAINER}
                for container in kept[kind]
            ]
    return kept


def _annotations(metadata: Json) -> dict[str, Any]:
    found = metadata.get("annotations") or {}
    return {name: value for name, value in found.items() if name.startswith(_ANNOTATIONS_THAT_COUNT)}

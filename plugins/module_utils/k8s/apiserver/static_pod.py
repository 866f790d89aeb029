# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a static pod that runs kube-apiserver, as kubeadm writes it, and careful changes of it."""

from __future__ import annotations

import copy
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_words import (
    Wanted,
    flag_values,
    given_flags,
    word_edits,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.manifest_shape import (
    container_fault,
    pod_fault,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import (
    Edit,
    YamlProblem,
    apply_edits,
    dump,
    is_mapping,
    is_sequence,
    key_added,
    key_removed,
    key_replaced,
    load_mapping,
    root_of,
    sequence_edits,
    value_of,
)

ANNOTATION = "bulkhead.container-security/files"
"""Changes with the content of the files that the API server reads, which makes the kubelet start the pod anew."""
_SHELLS = ("sh", "bash", "dash", "ash", "env")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


@dataclass(frozen=True)
class Mount:
    """A folder or file of the host that the pod needs, at the same path inside."""

    name: str
    path: str
    kind: str  # a type of hostPath: File, DirectoryOrCreate
    read_only: bool

    def volume(self) -> dict[str, Any]:
        """As an entry of spec.volumes."""
        return {"name": self.name, "hostPath": {"path": self.path, "type": self.kind}}

    def volume_mount(self) -> dict[str, Any]:
        """As an entry of the container's volumeMounts."""
        return {"mountPath": self.path, "name": self.name, **({"readOnly": True} if self.read_only else {})}


@dataclass
class PodChange:
    """What changes in a manifest. `probes` are whole probes by their key; `annotation` None takes ours away."""

    flags: Wanted = field(default_factory=dict)
    mounts: list[Mount] = field(default_factory=list)
    unmounted: Collection[str] = ()
    probes: Mapping[str, Any] = field(default_factory=dict)
    annotation: str | None = None


class StaticPod:
    """A manifest at `path`. Raises YamlProblem where it is not that of a kube-apiserver that we can change."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.data = load_mapping(text, path)
        self._require(pod_fault(self.data))
        containers = (self.data.get("spec") or {}).get("containers") or []
        found = [at for at, container in enumerate(containers) if _is_api_server(container)]
        if self.data.get("kind") != "Pod" or len(found) != 1:
            raise YamlProblem(f"{path} is not the manifest of a pod that runs kube-apiserver")
        self._at = found[0]
        self.container: dict[str, Any] = containers[self._at]
        self._require(container_fault(self.container))
        if not self.flags or any(os.path.basename(word) in _SHELLS for word in self.words):
            raise YamlProblem(
                f"{path} starts kube-apiserver through {self.words[0] if self.words else 'its image'}: "
                "only a plain list of flags can be changed"
            )

    def _require(self, fault: str | None) -> None:
        if fault:
            raise YamlProblem(f"{self.path} is not a manifest that a kubelet takes: {fault}")

    @property
    def words(self) -> list[str]:
        """The whole command line."""
        return [str(word) for key in ("command", "args") for word in self.container.get(key) or ()]

    @property
    def flags(self) -> dict[str, list[str]]:
        """The flags by their name, each with its values."""
        return flag_values(given_flags(self.words))

    @property
    def annotation(self) -> str | None:
        """The value of our annotation."""
        value = ((self.data.get("metadata") or {}).get("annotations") or {}).get(ANNOTATION)
        return None if value is None else str(value)

    @property
    def run_as_user(self) -> int:
        """The user id of the API server; root where the manifest names none."""
        for holder in (self.container, self.data["spec"]):
            uid = (holder.get("securityContext") or {}).get("runAsUser")
            if uid is not None:
                return int(uid)
        return 0

    @property
    def http_probes(self) -> dict[str, dict[str, Any]]:
        """The probes that ask over HTTP, as the kubelet does without credentials."""
        probes = {key: self.container.get(key) or {} for key in PROBES}
        return {key: probe for key, probe in probes.items() if probe.get("httpGet")}

    def covers(self, path: str, *, written: bool) -> bool:
        """Whether the API server finds this path of the host at the same path inside."""
        volumes = {volume.get("name"): volume.get("hostPath") or {} for volume in self.volumes}
        best: tuple[int, bool] = (-1, False)
        for mount in self.container.get("volumeMounts") or ():
            inside, outside = str(mount.get("mountPath")), volumes.get(mount.get("name"), {}).get("path")
            if path == inside or path.startswith(inside.rstrip("/") + "/"):
                # The deepest mount is the one that counts.
                usable = outside == inside and not (written and mount.get("readOnly"))
                best = max(best, (len(inside), usable))
        return best[1]

    @property
    def volumes(self) -> list[dict[str, Any]]:
        """The pod's volumes."""
        return list(self.data["spec"].get("volumes") or [])

    def changed(self, change: PodChange) -> tuple[str, bool]:
        """The text after the change, and whether it is the old one but for the change (comments survive)."""
        wanted = self._changed_data(change)
        if wanted == self.data:
            return self.text, True
        text = apply_edits(self.text, self._edits(change))
        try:
            if load_mapping(text, self.path) == wanted:
                return text, True
        except YamlProblem:
            pass
        return dump(wanted), False

    # -- what it shall hold -------------------------------------------------------------------------------------

    def _lists(self) -> list[str]:
        """The keys that hold words; flags that are new go to the last."""
        return [key for key in ("command", "args") if self.container.get(key)]

    def _changed_data(self, change: PodChange) -> dict[str, Any]:
        data: dict[str, Any] = copy.deepcopy(self.data)
        container = data["spec"]["containers"][self._at]
        for key in self._lists():
            container[key] = self._word_edits(key, change.flags).on(container[key])
        container.update(copy.deepcopy(dict(change.probes)))
        _change_list(container, "volumeMounts", change, [mount.volume_mount() for mount in change.mounts])
        _change_list(data["spec"], "volumes", change, [mount.volume() for mount in change.mounts])
        _annotate(data, change.annotation)
        return data

    def _word_edits(self, key: str, flags: Wanted) -> Any:
        others = set(flag_values(given_flags([str(w) for k in self._lists() if k != key for w in self.container[k]])))
        last = key == self._lists()[-1]
        words = [str(word) for word in self.container[key]]
        here = set(flag_values(given_flags(words)))
        mine = {name: value for name, value in flags.items() if name in here or (last and name not in others)}
        return word_edits(words, mine)

    # -- how its text changes -----------------------------------------------------------------------------------

    def _edits(self, change: PodChange) -> list[Edit]:
        root = root_of(self.text)
        spec, metadata = value_of(root, "spec"), value_of(root, "metadata")
        containers = value_of(spec, "containers")
        if not is_mapping(spec) or not is_sequence(containers):
            return []
        container = containers.value[self._at]
        edits: list[Edit] = []
        for key in self._lists():
            words = self._word_edits(key, change.flags)
            node = value_of(container, key)
            if is_sequence(node):
                edits += sequence_edits(self.text, node, words.replaced, words.removed, words.appended)
        for key, probe in change.probes.items():
            edits += key_replaced(self.text, container, key, probe)
        mounts = [mount.volume_mount() for mount in change.mounts]
        edits += self._list_edits(container, "volumeMounts", change, mounts)
        edits += self._list_edits(spec, "volumes", change, [mount.volume() for mount in change.mounts])
        return edits + self._annotation_edits(root, metadata, change.annotation)

    def _list_edits(self, holder: Any, key: str, change: PodChange, added: Sequence[dict[str, Any]]) -> list[Edit]:
        node = value_of(holder, key)
        if not is_sequence(node):
            return [key_added(self.text, holder, key, list(added))] if added else []
        names = [getattr(value_of(item, "name"), "value", None) for item in node.value]
        gone = {at for at, name in enumerate(names) if name in change.unmounted}
        if gone and len(gone) == len(names) and not added:
            edit = key_removed(self.text, holder, key)
            return [edit] if edit else []
        return sequence_edits(self.text, node, {}, gone, list(added))

    def _annotation_edits(self, root: Any, metadata: Any, value: str | None) -> list[Edit]:
        if value == self.annotation:
            return []
        if not is_mapping(metadata):
            return [key_added(self.text, root, "metadata", {"annotations": {ANNOTATION: value}})]
        annotations = value_of(metadata, "annotations")
        if not is_mapping(annotations):
            return key_replaced(self.text, metadata, "annotations", {ANNOTATION: value})
        if value is not None:
            return key_replaced(self.text, annotations, ANNOTATION, value)
        holder, key = (metadata, "annotations") if len(annotations.value) == 1 else (annotations, ANNOTATION)
        edit = key_removed(self.text, holder, key)
        return [edit] if edit else []


def _is_api_server(container: Any) -> bool:
    if not isinstance(container, Mapping):
        return False
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    return container.get("name") == "kube-apiserver" or bool(
        words and os.path.basename(str(words[0])) == "kube-apiserver"
    )


def _change_list(holder: dict[str, Any], key: str, change: PodChange, added: Sequence[Mapping[str, Any]]) -> None:
    before = holder.get(key) or []
    after = [entry for entry in before if entry.get("name") not in change.unmounted] + [dict(entry) for entry in added]
    if after:
        holder[key] = after
    elif before:
        del holder[key]


def _annotate(data: dict[str, Any], value: str | None) -> None:
    metadata = data.get("metadata") or {}
    annotations = dict(metadata.get("annotations") or {})
    if value == annotations.pop(ANNOTATION, None):
        return
    if value is not None:
        annotations[ANNOTATION] = value
    data["metadata"] = {**metadata, "annotations": annotations}
    if not annotations:
        del data["metadata"]["annotations"]

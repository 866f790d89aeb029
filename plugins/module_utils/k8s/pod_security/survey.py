# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who would be denied, and which level each namespace could have. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.namespace_labels import (
    PREFIX,
    policy_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import (
    BASELINE,
    LEVELS,
    PRIVILEGED,
    RESTRICTED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.verdict import Judge, Verdict
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import label_version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.workload import Workload

Row = dict[str, Any]

# More bare pods than these with the same verdict in a namespace are one row, with all their names.
MOST_ALIKE = 20
_MOST_NAMED = 5


@dataclass
class _Alike:
    """Pods of one namespace and one owner that got the same verdict."""

    verdict: Verdict
    names: list[str] = field(default_factory=list)


class Survey:
    """Takes workloads one by one, first what makes pods and then pods, and keeps the verdicts alone."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._rows: list[Row] = []
        self._makers: dict[tuple[str, str], tuple[Row, Verdict]] = {}
        self._pods: dict[tuple[str, str, int], _Alike] = {}
        self._levels: dict[str, dict[str, list[str]]] = {}

    def add(self, workload: Workload) -> None:
        """Judge what makes pods, or a pod that is a definition."""
        verdict = self._judge.verdict(workload.metadata, workload.spec)
        row = _row(workload.kind, workload.namespace, workload.name, verdict, workload.owner)
        self._rows.append(row)
        self._makers[workload.namespace, workload.label] = (row, verdict)
        self._count(workload.namespace, verdict, workload.label)

    def add_pod(self, pod: Workload) -> None:
        """Judge a pod that exists. Where it fails nothing that its owner does not, it is one of its owner's `pods`."""
        verdict = self._judge.verdict(pod.metadata, pod.spec)
        maker = self._makers.get((pod.namespace, pod.owner))
        if maker is not None:
            row, of_template = maker
            row["pods"] += 1
            if verdict.controls <= of_template.controls and _at_least(verdict.level, of_template.level):
                return
        key = (pod.namespace, pod.owner, id(verdict))
        self._pods.setdefault(key, _Alike(verdict)).names.append(pod.name)

    def rows(self) -> list[Row]:
        """{kind, namespace, name, owner, level, denied, violations, pods} of each, in order. Ends the survey."""
        for (namespace, owner, _verdict), alike in self._pods.items():
            self._add_alike(namespace, owner, alike)
        self._pods = {}
        return sorted(self._rows, key=lambda row: (row["namespace"], row["kind"], row["name"]))

    def namespaces(self, labels: Mapping[str, Mapping[str, Any] | None]) -> list[Row]:
        """What each namespace could be labelled. labels: those of every namespace that is known, null for unread."""
        return [
            _namespace(name, self._levels.get(name, {}), labels.get(name), self._judge.version)
            for name in sorted({*labels, *self._levels})
        ]

    def _add_alike(self, namespace: str, owner: str, alike: _Alike) -> None:
        names = sorted(alike.names)
        together = bool(owner) or len(names) > MOST_ALIKE
        for name in names[:1] if together else names:
            row = _row("Pod", namespace, name, alike.verdict, owner)
            row["pods"] = len(names) if together else 1
            if together and len(names) > 1:
                row["names"] = names
            self._rows.append(row)
            others = f" and {len(names) - 1} like it" if together and len(names) > 1 else ""
            self._count(namespace, alike.verdict, f"Pod/{name}{others}")

    def _count(self, namespace: str, verdict: Verdict, label: str) -> None:
        self._levels.setdefault(namespace, {}).setdefault(verdict.level, []).append(label)


def summary(rows: Iterable[Row]) -> Row:
    """{workloads, denied, levels: {level: count}, controls: {control: count of those denied by it}}."""
    levels: Counter[str] = Counter(dict.fromkeys(LEVELS, 0))
    controls: Counter[str] = Counter()
    workloads = denied = 0
    for row in rows:
        workloads += 1
        denied += row["denied"]
        levels[row["level"]] += 1
        controls.update(each["control"] for each in row["violations"])
    return {"workloads": workloads, "denied": denied, "levels": dict(levels), "controls": dict(controls.most_common())}


def _row(kind: str, namespace: str, name: str, verdict: Verdict, owner: str) -> Row:
    return {
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "owner": owner,
        "level": verdict.level,
        "denied": verdict.denied,
        "violations": verdict.shown,
        "pods": 0,
    }


def _at_least(level: str, other: str) -> bool:
    return LEVELS.index(level) >= LEVELS.index(other)


def _namespace(name: str, levels: Mapping[str, list[str]], labels: Mapping[str, Any] | None, version: str) -> Row:
    in_the_way = {
        BASELINE: sorted(levels.get(PRIVILEGED, [])),
        RESTRICTED: sorted([*levels.get(PRIVILEGED, []), *levels.get(BASELINE, [])]),
    }
    level = next((each for each in (RESTRICTED, BASELINE) if not in_the_way[each]), PRIVILEGED)
    return {
        "namespace": name,
        "enforce": None if labels is None else policy_of(labels).enforce.level,
        "level": level,
        "workloads": sum(map(len, levels.values())),
        "in_the_way": in_the_way,
        "suggested_labels": _labels(level, version),
        "suggestion": _sentence(name, level, in_the_way),
    }


def _labels(level: str, version: str) -> dict[str, str]:
    """Enforce what holds today, and hear of what stands in the way of the strictest level."""
    wanted = {"enforce": level, "audit": RESTRICTED, "warn": RESTRICTED}
    pinned = label_version(version)
    return {
        key: value
        for mode, each in wanted.items()
        for key, value in ((f"{PREFIX}{mode}", each), (f"{PREFIX}{mode}-version", pinned))
    }


def _sentence(name: str, level: str, in_the_way: Mapping[str, list[str]]) -> str:
    steps = [f"{name} can be labelled {level} today"]
    for later in (BASELINE, RESTRICTED):
        if in_the_way[later]:
            steps.append(f"{later} after mending {_named(in_the_way[later])}")
    return ", ".join(steps)


def _named(labels: list[str]) -> str:
    rest = len(labels) - _MOST_NAMED
    return ", ".join(labels[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")

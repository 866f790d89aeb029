# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What k8s_pod_security_info answers: of a cluster, or of manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.source import (
    file_definitions,
    given_definitions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import METADATA_LIST, Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists, Namespaces
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.live import LiveReader
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.survey import Survey, summary
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.verdict import Judge
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import LATEST
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.workload import workloads_in

Params = Mapping[str, Any]
Labels = dict[str, Any]


def reads_files(params: Params) -> bool:
    """Whether manifests are judged and not a cluster."""
    return params["src"] is not None or params["definitions"] is not None


def info_of_files(params: Params) -> dict[str, Any]:
    """The answer for `src` and `definitions`. Raises K8sError."""
    survey = Survey(_judge(params, params["version"] or LATEST))
    chosen = Namespaces(params["namespaces"], params["exclude_namespaces"])
    labels: dict[str, Labels | None] = {}
    for where, definition in _definitions(params):
        if not isinstance(definition, Mapping):
            raise K8sError(f"{where} is no object: it has to be a mapping with kind and metadata")
        _note_namespace(definition, labels)
        for workload in workloads_in(definition):
            if chosen.has(workload.namespace):
                survey.add(workload)
    return _answer(params, survey, {name: found for name, found in labels.items() if chosen.has(name)}, LATEST)


def info_of_cluster(params: Params, cluster: Cluster) -> dict[str, Any]:
    """The answer for a cluster. Raises K8sError."""
    version = params["version"] or cluster.version.text
    survey = Survey(_judge(params, version))
    chosen = Namespaces(params["namespaces"], params["exclude_namespaces"])
    labels, errors = _namespaces(cluster, chosen, params["namespace_selector"])
    selected = labels if params["namespace_selector"] else None
    reader = LiveReader(Lists(cluster, chosen), survey, lambda name: selected is None or name in selected)
    reader.read()
    return {**_answer(params, survey, labels, version), "errors": [*errors, *reader.errors]}


def _judge(params: Params, version: str) -> Judge:
    return Judge(params["level"], version, params["rules"], frozenset(params["exempt_runtime_classes"]))


def _definitions(params: Params) -> Iterator[tuple[str, Any]]:
    yield from file_definitions(params["src"] or ())
    yield from given_definitions(params["definitions"])


def _note_namespace(definition: Mapping[str, Any], labels: dict[str, Labels | None]) -> None:
    metadata = definition.get("metadata")
    if definition.get("kind") == "Namespace" and isinstance(metadata, Mapping):
        found = metadata.get("labels")
        labels[str(metadata.get("name") or "")] = dict(found) if isinstance(found, Mapping) else {}


def _namespaces(
    cluster: Cluster, chosen: Namespaces, selector: str | None
) -> tuple[dict[str, Labels | None], list[str]]:
    """The labels of the chosen namespaces. With a selector, they have to be readable."""
    found: dict[str, Labels | None] = {}
    try:
        pages = cluster.pages("/api/v1/namespaces", query={"labelSelector": selector}, accept=METADATA_LIST)
        for page in pages:
            for item in page.get("items") or ():
                if chosen.has(item["metadata"]["name"]):
                    found[item["metadata"]["name"]] = item["metadata"].get("labels") or {}
    except ApiStatus as exc:
        if selector or exc.status == 401:
            raise
        return dict.fromkeys(chosen.only), [str(exc)]
    return found, [f"There is no namespace {name}" for name in chosen.only if chosen.has(name) and name not in found]


def _answer(params: Params, survey: Survey, labels: Mapping[str, Labels | None], version: str) -> dict[str, Any]:
    rows = survey.rows()
    return {
        "level": params["level"],
        "version": params["version"] or version,
        "workloads": rows if params["include_admitted"] else [row for row in rows if row["denied"]],
        "namespaces": survey.namespaces(labels),
        "summary": summary(rows),
        "errors": [],
    }

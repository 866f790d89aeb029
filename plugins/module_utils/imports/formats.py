# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats that can be read, and how each is known by its content."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import (
    anchore,
    clair,
    docker_bench,
    grype,
    hadolint,
    kube_bench,
    kubescape,
    openscap,
    sarif,
    trivy,
    vuls,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_text import JsonText
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import outline
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import Source
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.xml_elements import root_name

AUTO = "auto"
# Facts about a report fit in this; rules and results do not, and are read one at a time.
_HEAD = 2**20


@dataclass(frozen=True)
class Format:
    """What a tool writes: its name as an option, the keys that it always has, and its reader."""

    name: str
    says: str
    known: Callable[[Any], bool]
    read: Callable[[Report], Iterator[Finding]]


def _keys(*keys: str) -> Callable[[Any], bool]:
    return lambda head: isinstance(head, dict) and all(key in head for key in keys)


def _is_list(head: Any, *keys: str) -> bool:
    """A list whose first item has these keys. What an empty list is cannot be known, but it can be told."""
    return isinstance(head, list) and (not head or _keys(*keys)(head[0]))


def _is_hadolint(head: Any) -> bool:
    return _is_list(head, "code", "file", "level", "line")


def _is_evaluation(head: Any) -> bool:
    return _is_list(head) and all(key.startswith("sha256:") for key in (head[0] if head else ()))


def _is_kube_bench(head: Any) -> bool:
    return _keys("Controls")(head) or _is_list(head, "node_type", "tests")


def _is_openscap(head: Any) -> bool:
    return head in (*openscap.XCCDF_ROOTS, openscap.OVAL_ROOT)


def _is_sarif(head: Any) -> bool:
    return _keys("version", "runs")(head) and head["version"] == "2.1.0"


def _is_trivy(head: Any) -> bool:
    return _keys("SchemaVersion", "ArtifactName")(head) and head["SchemaVersion"] == 2


def _is_trivy_cluster(head: Any) -> bool:
    return _keys("ClusterName")(head) and any(key in head for key in trivy.CLUSTER_LISTS)


def _is_vuls(head: Any) -> bool:
    return _keys("jsonVersion", "scannedCves")(head) and head["jsonVersion"] == 4


FORMATS = {
    row.name: row
    for row in (
        Format(
            "anchore_vulnerabilities",
            "imageDigest and vulnerabilities",
            _keys("imageDigest", "vulnerabilities"),
            anchore.read_vulnerabilities,
        ),
        Format("anchore_evaluation", "a list of evaluations by digest", _is_evaluation, anchore.read_evaluations),
        Format(
            "clair",
            "manifest_hash, packages, vulnerabilities and package_vulnerabilities",
            _keys("manifest_hash", "packages", "vulnerabilities", "package_vulnerabilities"),
            clair.read,
        ),
        Format(
            "docker_bench", "dockerbenchsecurity and tests", _keys("dockerbenchsecurity", "tests"), docker_bench.read
        ),
        Format("grype", "matches and descriptor", _keys("matches", "descriptor"), grype.read),
        Format("hadolint", "a list of objects with code, file and level", _is_hadolint, hadolint.read),
        Format(
            "kube_bench", "Controls, or a list of objects with node_type and tests", _is_kube_bench, kube_bench.read
        ),
        Format("kubescape", "summaryDetails and results", _keys("summaryDetails", "results"), kubescape.read),
        Format("openscap", "results of XCCDF or OVAL, or an ARF", _is_openscap, openscap.read),
        Format("sarif", "version 2.1.0 and runs", _is_sarif, sarif.read),
        Format("trivy", "SchemaVersion 2 and ArtifactName", _is_trivy, trivy.read),
        Format("trivy_k8s", "ClusterName and Resources", _is_trivy_cluster, trivy.read_cluster),
        Format("vuls", "jsonVersion 4 and scannedCves", _is_vuls, vuls.read),
    )
}


def opened(source: Source, name: str, target: str, artifact: str) -> tuple[Format, Report]:
    """The format of a report, told or found, and the report with its head read. Raises ImportFault."""
    head = root_name(source) if _is_xml(source) else outline(JsonText(source.text(), source.path), _HEAD, _is_enough)
    found = _told(name, head, source.path) if name != AUTO else _found(head, source.path)
    return found, Report(source, target, artifact, head)


def _is_enough(head: Mapping[str, Any], key: str) -> bool:
    """Whether all facts were before this list, as SARIF and Trivy write them, for passing over it takes seconds."""
    if key == "runs":
        return head.get("version") == "2.1.0"
    if key == "Results":
        return _is_trivy(head) and "ArtifactType" in head and "Metadata" in head
    return key == "Resources" and "ClusterName" in head


def _is_xml(source: Source) -> bool:
    with contextlib.closing(source.pieces()) as pieces:
        return next(pieces, b"").lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _told(name: str, head: Any, path: str) -> Format:
    found = FORMATS[name]
    if not found.known(head):
        raise ImportFault(f"{path} is no report of format {name}, which has {found.says}")
    return found


def _found(head: Any, path: str) -> Format:
    found = [row for row in FORMATS.values() if row.known(head)]
    if len(found) == 1:
        return found[0]
    among = " and ".join(row.name for row in found) or f"none of {', '.join(FORMATS)}"
    raise ImportFault(f"{path} could be {among}; give format" if found else f"{path} is {among}")

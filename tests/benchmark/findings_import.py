# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""findings_import of large reports, beside a plain json.load or an XML tree, which read them as a whole."""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmark.audit import ship
from tests.benchmark.measure import medians_of
from tests.lab.ansible import ansible_environment
from tests.lab.progress import step

MEGABYTE = 10**6
SIZE = 200 * MEGABYTE
_MODULE = "bulkhead.container_security.findings_import"
_TEXT = "A flaw was found in the way that it handles what it is given, by which others can read what they should not. "
_JSON_LOAD = "import json, sys; json.load(open(sys.argv[1], encoding='utf-8'))"
_XML_TREE = "import sys; from xml.etree import ElementTree; ElementTree.parse(sys.argv[1])"
_LINKS = [f"https://example.com/advisories/{number}" for number in range(12)]
_CPES = [f"cpe:2.3:a:example:package-{number}:1.2.2:*:*:*:*:*:*:*" for number in range(6)]


def _grype() -> Iterator[str]:
    yield '{"matches": ['
    for number in itertools.count():
        match = {
            "vulnerability": {
                "id": f"CVE-2024-{number:06}",
                "dataSource": _LINKS[0],
                "severity": ("High", "Low", "Negligible")[number % 3],
                "urls": _LINKS,
                "description": _TEXT * 3,
                "cvss": [{"version": "3.1", "vector": "CVSS:3.1/AV:N", "metrics": {"baseScore": 7.5}}],
                "fix": {"versions": ["1.2.3"], "state": "fixed"},
            },
            "relatedVulnerabilities": [{"id": f"CVE-2024-{number:06}", "description": _TEXT * 3, "urls": _LINKS}],
            "matchDetails": [{"type": "exact-direct-match", "found": {"versionConstraint": "< 1.2.3 (deb)"}}],
            "artifact": {
                "name": f"package-{number % 400}",
                "version": "1.2.2",
                "type": "deb",
                "locations": [{"path": "/var/lib/dpkg/status", "layerID": "sha256:" + "a" * 64}],
                "cpes": _CPES,
                "purl": "pkg:deb/debian/package@1.2.2",
            },
        }
        yield ("," if number else "") + json.dumps(match, indent=1)


_GRYPE_END = """], "source": {"type": "image", "target": {"userInput": "example.com/web:1", "repoDigests": []}},
"descriptor": {"name": "grype", "version": "0.74.0", "timestamp": "2026-01-31T12:00:00Z"}}"""


def _trivy() -> Iterator[str]:
    yield '{"SchemaVersion": 2, "ArtifactName": "example.com/web:1", "ArtifactType": "container_image",'
    yield '"Metadata": {"RepoTags": ["example.com/web:1"]}, "Results": ['
    yield '{"Target": "example.com/web:1 (debian 12)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": ['
    for number in itertools.count():
        row = {
            "VulnerabilityID": f"CVE-2024-{number:06}",
            "PkgName": f"package-{number % 400}",
            "InstalledVersion": "1.2.2",
            "FixedVersion": "1.2.3",
            "Status": "fixed",
            "Layer": {"DiffID": "sha256:" + "a" * 64},
            "PrimaryURL": _LINKS[0],
            "Title": _TEXT,
            "Description": _TEXT * 4,
            "Severity": ("HIGH", "LOW", "MEDIUM")[number % 3],
            "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L", "V3Score": 7.5}},
            "References": _LINKS * 2,
        }
        yield ("," if number else "") + json.dumps(row, indent=1)


def _sarif() -> Iterator[str]:
    rules = [{"id": f"R{number}", "shortDescription": {"text": _TEXT}} for number in range(300)]
    tool = {"driver": {"name": "Example", "version": "1.0", "rules": rules}}
    yield f'{{"version": "2.1.0", "runs": [{{"tool": {json.dumps(tool)}, "results": ['
    for number in itertools.count():
        place = {"artifactLocation": {"uri": f"src/{number}.py"}, "region": {"startLine": 7, "endLine": 9}}
        row = {
            "ruleId": f"R{number % 300}",
            "level": "error",
            "message": {"text": f"{_TEXT * 3}{number}"},
            "locations": [{"physicalLocation": place}],
            "partialFingerprints": {"primaryLocationLineHash": f"{number:016x}:1"},
            "codeFlows": [{"threadFlows": [{"locations": [{"location": {"physicalLocation": place}}] * 4}]}],
        }
        yield ("," if number else "") + json.dumps(row, indent=1)


_XCCDF = 'xmlns="http://checklists.nist.gov/xccdf/1.2"'
_OVAL = 'xmlns="http://oval.mitre.org/XMLSchema/oval-results-5"'


def _arf() -> Iterator[str]:
    """As OpenSCAP writes it: the rules, what came of them, and behind that, most of the file, the details of OVAL."""
    yield '<arf:asset-report-collection xmlns:arf="http://scap.nist.gov/schema/asset-reporting-format/1.1">'
    yield f'<arf:report-requests><Benchmark {_XCCDF} id="xccdf_org.example_benchmark_b">'
    for number in range(2000):
        yield f'<Rule id="xccdf_org.example_rule_{number}" severity="high"><title>{_TEXT}</title></Rule>'
    yield f"</Benchmark></arf:report-requests><arf:reports><TestResult {_XCCDF} id='t' version='1'><target>web</target>"
    for number in range(2000):
        yield f'<rule-result idref="xccdf_org.example_rule_{number}"><result>fail</result></rule-result>'
    yield f"</TestResult><oval_results {_OVAL}>"
    for number in itertools.count():
        yield (
            f'<test test_id="oval:org.example:tst:{number}" version="1" check="all" result="true">\n'
            f'  <tested_item item_id="{number}" result="false"><message>{_TEXT}</message></tested_item>\n'
            f'  <tested_variable variable_id="oval:org.example:var:{number}">/etc/example/{number}</tested_variable>\n'
            "</test>\n"
        )


_REPORTS: dict[str, tuple[Callable[[], Iterator[str]], str, str]] = {
    "grype": (_grype, _GRYPE_END, _JSON_LOAD),
    "trivy": (_trivy, "]}]}", _JSON_LOAD),
    "sarif": (_sarif, "]}]}", _JSON_LOAD),
    "arf": (_arf, "</oval_results></arf:reports></arf:asset-report-collection>", _XML_TREE),
}


def write_report(kind: str, path: Path, size: int) -> None:
    """A report of about so many bytes."""
    parts, end, _whole = _REPORTS[kind]
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for part in parts():
            written += file.write(part)
            if written >= size:
                break
        file.write(end)


def bench_findings_import(runs: int) -> list[dict[str, Any]]:
    """By report: {report, wall, cpu, memory: of the module, whole_wall, whole_memory: of reading it whole}."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as name:
        folder = Path(name)
        for kind, (_parts, _end, whole) in _REPORTS.items():
            (folder / kind).mkdir()
            path = folder / kind / "report"
            with step(f"A report of {SIZE // MEGABYTE} MB, {kind}: {runs} runs"):
                write_report(kind, path, SIZE)
                options = {"reports": [{"path": str(path)}], "target": "bench", "output": str(folder / "out.json")}
                module = ship(_MODULE, options, folder / kind)
                commands = [[sys.executable, str(module)], [sys.executable, "-c", whole, str(path)]]
                cost, plain = medians_of(runs, commands, ansible_environment())
            path.unlink()
            failing = json.loads(cost.output[cost.output.index("{") :])["summary"]["status"]["fail"]
            row = {"report": kind, **cost.numbers(), "findings": failing}
            rows.append({**row, "whole_wall": plain.wall, "whole_memory": plain.memory})
            print(
                f"  {kind}: {cost.wall:.1f} s, {cost.memory:.0f} MB, {failing} findings; "
                f"read as a whole {plain.wall:.1f} s, {plain.memory:.0f} MB"
            )
    return rows

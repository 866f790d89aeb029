# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole import: reports together, one that fails, what audit_report makes of it, and hostile files."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.drift import Previous, compare
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.formats import FORMATS
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.run import run
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.intake import (
    from_document,
    from_result,
    merged,
)
from tests.unit.plugins.module_utils.imports import (
    test_anchore,
    test_clair,
    test_docker_bench,
    test_grype,
    test_hadolint,
    test_kube_bench,
    test_kubescape,
    test_sarif,
    test_trivy,
    test_vuls,
)
from tests.unit.plugins.module_utils.imports.report_files import options, written

DOCUMENTS: dict[str, Any] = {
    "anchore_vulnerabilities": test_anchore.vulnerabilities(test_anchore.vulnerability()),
    "anchore_evaluation": test_anchore.evaluation(test_anchore.row()),
    "clair": test_clair.report(),
    "docker_bench": test_docker_bench.log(test_docker_bench.check(items=["web"])),
    "grype": test_grype.report(test_grype.match()),
    "hadolint": [test_hadolint.problem()],
    "kube_bench": {"Controls": [test_kube_bench.controls(test_kube_bench.check())]},
    "kubescape": test_kubescape.report(test_kubescape.judged()),
    "sarif": test_sarif.log(test_sarif.result()),
    "trivy": test_trivy.report(test_trivy.result(Vulnerabilities=[test_trivy.vulnerability()])),
    "trivy_k8s": test_trivy.cluster(
        {"Kind": "Pod", "Name": "a", "Results": [test_trivy.result(Misconfigurations=[test_trivy.misconfiguration()])]}
    ),
    "vuls": test_vuls.report(),
}
ODD: tuple[Any, ...] = (None, True, 7, -1.5e308, "", "x\x1b[2J\u202e\ud800", "y" * 3000, [], {}, [[]], [{}], {"a": 1})


def imported(folder: Path, *reports: dict[str, Any], check: bool = False, **given: Any) -> dict[str, Any]:
    return run(options(*reports, **given), check=check, folder=str(folder))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_format_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, DOCUMENTS[name])
    (result,) = imported(tmp_path, {"path": path}, target="lab")["results"]
    assert result["format"] == name
    assert result["findings"]
    others = [other for other in FORMATS if other != name]
    for other in others:
        with pytest.raises(ImportFault, match=f"is no report of format {other}, which has "):
            imported(tmp_path, {"path": path, "format": other}, target="lab")


def test_every_json_format_is_here() -> None:
    assert set(DOCUMENTS) == set(FORMATS) - {"openscap"}


def test_the_same_vulnerability_is_one_finding_whoever_told_of_it(tmp_path: Path) -> None:
    names = ("anchore_vulnerabilities", "clair", "grype", "trivy")
    rows = [{"path": written(tmp_path, DOCUMENTS[name], name), "artifact": "nginx:1.25"} for name in names]
    results = imported(tmp_path, *rows, target="lab")["results"]
    marks = [{row["fingerprint"] for row in result["findings"]} for result in results]
    assert set.intersection(*marks) == marks[2]
    (audit,) = merged(from_result({"results": results}, "results", ""))
    assert len(audit.findings) == 2


def test_a_clean_image_is_an_audit_of_its_own(tmp_path: Path) -> None:
    clean = test_grype.report(source={"type": "image", "target": {"userInput": "clean:1"}})
    rows = [{"path": written(tmp_path, row, str(number))} for number, row in enumerate((DOCUMENTS["grype"], clean))]
    result = imported(tmp_path, *rows)
    audits = {audit.target: audit for audit in from_result(result, "results", "")}
    assert set(audits) == {"docker.io/library/nginx:1.25", "docker.io/library/clean:1"}
    assert audits["docker.io/library/clean:1"].controls == frozenset({"image.vulnerability"})
    assert result["summary"]["status"]["fail"] == 1


def test_one_report_that_fails_fails_all_and_is_named(tmp_path: Path) -> None:
    good, bad = written(tmp_path, DOCUMENTS["grype"], "good"), written(tmp_path, '{"matches": [', "bad")
    with pytest.raises(ImportFault, match=r"/bad, character \d+: the file ends in the middle"):
        imported(tmp_path, {"path": good}, {"path": bad}, output=str(tmp_path / "out.json"))
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("to_file", [False, True])
def test_one_that_may_fail_is_a_finding_itself(tmp_path: Path, to_file: bool) -> None:
    half = json.dumps(DOCUMENTS["grype"]).replace('"descriptor"', '"descriptor": {}, "matches"')
    good, bad = written(tmp_path, DOCUMENTS["grype"], "good"), written(tmp_path, half, "bad")
    rows: list[dict[str, Any]] = [
        {"path": bad, "ignore_errors": True, "target": "lab"},
        {"path": good, "target": "lab"},
    ]
    result = imported(tmp_path, *rows, output=str(tmp_path / "out.json") if to_file else None)
    assert [warning for warning in result["warnings"] if "/bad, " in warning]
    assert (result["summary"]["status"]["error"], result["summary"]["failed"]) == (1, 1)
    document = json.loads((tmp_path / "out.json").read_text()) if to_file else result
    (audit,) = merged(from_document(document, "out.json"))
    assert sorted((row["control"], row["status"]) for row in audit.findings) == [
        ("image.vulnerability", "fail"),
        ("import.report.read", "error"),
    ]


def test_what_the_limit_leaves_out_is_not_taken_for_resolved(tmp_path: Path) -> None:
    many = test_grype.report(*(test_grype.match(f"CVE-2024-{number:04}") for number in range(5)))
    result = imported(tmp_path, {"path": written(tmp_path, many)}, limit=2)
    assert result["results"][0]["left_out"] == {"over_limit": 3}
    unknown = result["results"][0]["findings"][-1]
    assert (unknown["status"], unknown["control"], unknown["subject"]["name"]) == ("error", "image.vulnerability", "")
    assert "3 findings are left out" in result["warnings"][0]


@pytest.mark.parametrize(
    ("name", "fixed", "resolved"),
    [
        ("grype", test_grype.report(), 1),
        ("hadolint", [test_hadolint.problem(code="DL3007")], 1),
        ("sarif", test_sarif.log(), 1),
        ("trivy_k8s", test_trivy.cluster({"Kind": "Pod", "Name": "a", "Results": [{"Class": "config"}]}), 1),
        ("anchore_evaluation", test_anchore.evaluation(status="pass"), 2),
        ("kube_bench", {"Controls": [test_kube_bench.controls(test_kube_bench.check("PASS"))]}, 1),
        ("kube_bench", {"Controls": [test_kube_bench.controls(test_kube_bench.check("WARN"))]}, 0),
        ("vuls", test_vuls.report(scannedCves={}, errors=["Failed"]), 0),
    ],
)
def test_what_is_not_found_any_more_is_resolved_where_it_was_looked_for(
    tmp_path: Path, name: str, fixed: Any, resolved: int
) -> None:
    audits = []
    for document in (DOCUMENTS[name], fixed):
        results = imported(tmp_path, {"path": written(tmp_path, document), "format": name}, target="lab")["results"]
        audits += from_result({"results": results}, "results", "")
    before, now = audits
    previous = Previous("2026-01-01T00:00:00Z", before.findings)
    changes = compare(now.findings, previous, {"lab": now.controls}, "2026-01-02T00:00:00Z")
    assert len(changes.resolved) == resolved


def test_a_file_takes_all_and_is_idempotent(tmp_path: Path) -> None:
    many = test_grype.report(*(test_grype.match(f"CVE-2024-{number:04}") for number in range(5)))
    given: dict[str, Any] = {"limit": 2, "output": str(tmp_path / "out.json")}
    row = {"path": written(tmp_path, many)}
    assert imported(tmp_path, row, check=True, **given)["changed"]
    assert not (tmp_path / "out.json").exists()
    first, second = imported(tmp_path, row, **given), imported(tmp_path, row, **given)
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["results"][0]["findings"] == []
    (audit,) = from_document(json.loads((tmp_path / "out.json").read_text()), "out.json")
    assert len(audit.findings) == 5


@pytest.mark.parametrize(
    ("given", "told"), [({"limit": 0}, "limit must be more than 0"), ({"max_size_mb": 0}, "max_size_mb must be")]
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ImportFault, match=told):
        imported(tmp_path, {"path": "x"}, **given)
    with pytest.raises(ImportFault, match="reports is empty"):
        imported(tmp_path)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with a key of it, however deep."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


def _damaged(name: str, change: Callable[[Any, Any], None], choose: Callable[[int], int]) -> Any:
    document = copy.deepcopy(DOCUMENTS[name])
    places = list(_places(document))
    change(*places[choose(len(places) - 1)])
    return document


@pytest.mark.parametrize("name", DOCUMENTS)
@given(data=st.data(), odd=st.sampled_from(ODD))
@settings(max_examples=60, deadline=None)
def test_a_wrong_type_anywhere_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: Any, odd: Any
) -> None:
    folder = tmp_path_factory.getbasetemp()
    document = _damaged(
        name, lambda place, key: place.__setitem__(key, odd), lambda most: data.draw(st.integers(0, most))
    )
    path = written(folder, json.dumps(document), "damaged.json")
    try:
        result = imported(folder, {"path": path, "format": name}, target="lab")
    except ImportFault as exc:
        told = str(exc)
    else:
        told = json.dumps(result, ensure_ascii=False)
        from_result({"results": result["results"]}, "results", "")
    assert "\x1b" not in told
    assert "\u202e" not in told
    told.encode("utf-8")

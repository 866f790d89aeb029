# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of images: verdicts, vulnerabilities, contents; and that nothing passes in silence."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_info import Question, ask_all
from tests.lab.anchore.engine import Engine, digest_of
from tests.lab.anchore.library import CLEAN, REFUSED, library
from tests.unit.lab_engine import Fault, client_of_lab
from tests.unit.scripted_http import Asked, Reply


def engine() -> Engine:
    made = library(0.0)
    for tag in (CLEAN, REFUSED):
        made.answer("POST", "/images", {}, {"tag": tag})
    return made


def asked(question: Question, *tags: str, fault: Fault = lambda asked: None, **row: str) -> dict[str, Any]:
    with client_of_lab(engine(), fault) as (client, _server):
        images = [{"tag": tag, **row} for tag in tags or (REFUSED,)]
        return ask_all(client, images, question, target="shop", parallel=4, timeout=5.0)


def test_a_verdict_with_its_reasons_vulnerabilities_and_contents() -> None:
    told = asked(Question(content=["os", "npm"]), CLEAN, REFUSED)
    clean, refused = told["images"]
    assert (clean["action"], clean["passed"], clean["reasons"]) == ("go", True, [])
    assert (refused["action"], refused["passed"], refused["digest"]) == ("stop", False, digest_of(REFUSED))
    assert [row["gate"] for row in refused["reasons"]] == ["vulnerabilities", "dockerfile"]
    assert refused["vulnerabilities"] == {"high": 1, "low": 1, "medium": 1}
    first = refused["vulnerability_list"][0]
    assert (first["id"], first["fixed_in"], first["type"]) == ("CVE-2024-1001", ["3.0.13-1"], "dpkg")
    assert ([row["package"] for row in refused["content"]["os"]], refused["content"]["npm"]) == (
        ["openssl", "bash"],
        [],
    )
    assert {"anchore.policy_evaluation", "image.vulnerability", "anchore.*"} <= set(told["controls"])
    assert (told["failed_images"], told["target"]) == ([], "shop")


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        (Question(), ["CVE-2024-1001", "CVE-2024-1002", "CVE-2024-1003"]),
        (Question(vulnerabilities="os"), ["CVE-2024-1001", "CVE-2024-1002"]),
        (Question(vulnerabilities="non-os"), ["CVE-2024-1003"]),
        (Question(vulnerabilities=""), []),
        (Question(severity="medium"), ["CVE-2024-1001", "CVE-2024-1003"]),
        (Question(severity="critical"), []),
        (Question(only_fixable=True), ["CVE-2024-1001", "CVE-2024-1003"]),
    ],
)
def test_a_part_of_the_vulnerabilities_does_not_stand_for_all(question: Question, ids: list[str]) -> None:
    told = asked(question, CLEAN, REFUSED)
    assert [row["id"] for row in told["images"][1]["vulnerability_list"]] == ids
    found = [row["evidence"]["vulnerability"] for row in told["findings"] if row["control"] == "image.vulnerability"]
    assert found == ids
    # Of an image with findings, the control is there anyway; of none of them it says that it was judged.
    alone = asked(question, CLEAN)
    assert ("image.vulnerability" in alone["controls"]) == (question == Question())


def test_who_does_not_ask_for_a_verdict_gets_none() -> None:
    told = asked(Question(evaluate=False), CLEAN)
    assert (told["images"][0]["action"], told["images"][0]["passed"]) == ("", None)
    assert told["findings"] == []
    assert told["controls"] == ["image.vulnerability"]


def test_one_that_is_not_known_loses_no_other() -> None:
    told = asked(Question(), "registry.example.com/none:1", REFUSED)
    assert [row["error_kind"] for row in told["images"]] == ["unknown_image", ""]
    assert told["failed_images"] == [
        "registry.example.com/none:1: registry.example.com/none:1: Anchore does not know this tag"
    ]
    assert [row["status"] for row in told["findings"]].count("error") == 1
    unknown = asked(Question(), digest=digest_of("another"))
    assert (unknown["images"][0]["error_kind"], unknown["images"][0]["passed"]) == ("not_analysed", False)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([], "invalid_answer"),
        ({"vulnerabilities": None}, "invalid_answer"),
        ({"vulnerabilities": ["x"]}, "invalid_answer"),
        ({"imageDigest": digest_of("another"), "vulnerabilities": []}, "wrong_digest"),
    ],
)
def test_a_list_of_vulnerabilities_that_cannot_be_trusted_is_an_error(value: Any, kind: str) -> None:
    def fault(request: Asked) -> Reply | None:
        return Reply(value=value) if "/vuln/" in request.path else None

    told = asked(Question(), fault=fault)
    assert (told["images"][0]["error_kind"], told["images"][0]["passed"]) == (kind, False)


def test_what_the_engine_leaves_out_is_not_made_up() -> None:
    row = {"vuln": "CVE-1", "severity": "Strange", "fix": "None", "package": "a-1", "nvd_data": [{"cvss_v3": None}]}
    rated = {"vuln": "CVE-2", "severity": 7, "package_path": "None", "nvd_data": [{"cvss_v3": {"base_score": -1}}]}

    def fault(request: Asked) -> Reply | None:
        return Reply(value={"vulnerabilities": [row, rated]}) if "/vuln/" in request.path else None

    first, second = asked(Question(evaluate=False), fault=fault)["images"][0]["vulnerability_list"]
    assert (first["severity"], first["package"], first["fixed_in"]) == ("unknown", "a-1", [])
    assert (second["severity"], second["package"], second["path"]) == ("unknown", "", "")

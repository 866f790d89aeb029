# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image modules against the contract server, beside Anchore's own command line, and every way to go wrong.

Anchore Engine cannot run here: the server answers as its published specification says, and each test ends with an error
where a request or an answer did not.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.anchore.engine import Content, Engine, digest_of
from tests.lab.anchore.server import AnchoreServer, Fault, anchore_server
from tests.lab.ansible import run_module
from tests.tooling.environments import ANCHORECLI

WEB, API, BROKEN = (f"registry.example.com/shop/{name}:1" for name in ("web", "api", "broken"))
REFUSED = [("CVE-2024-1+openssl", "vulnerabilities", "package", "HIGH CVE-2024-1", "stop")]


def vulnerability(name: str, severity: str, fix: str = "None", kind: str = "dpkg") -> dict[str, Any]:
    return {
        "vuln": name,
        "fix": fix,
        "severity": severity,
        "package": "openssl-3.0",
        "url": f"https://example.com/{name}",
        "feed": "vulnerabilities",
        "feed_group": "debian:12",
        "package_name": "openssl",
        "package_version": "3.0",
        "package_type": kind,
        "package_cpe": "None",
        "package_path": "None",
        "will_not_fix": False,
        "nvd_data": [{"id": name, "cvss_v2": {"base_score": 5.0}, "cvss_v3": {"base_score": 7.5}}],
        "vendor_data": [],
    }


@pytest.fixture
def server() -> Iterator[AnchoreServer]:
    engine = Engine(analysis_seconds=0.3)
    found = [vulnerability("CVE-2024-1", "High", "3.1"), vulnerability("CVE-2024-2", "Low", kind="npm")]
    package = {"package": "openssl", "version": "3.0", "type": "dpkg", "license": "Apache", "licenses": ["Apache"]}
    engine.registry[WEB] = Content(digest_of("web"), REFUSED, found, [package])
    engine.registry[API] = Content(digest_of("api"))
    engine.registry[BROKEN] = Content(digest_of("broken"), broken=True)
    with anchore_server(engine) as running:
        yield running


def images(server: AnchoreServer, *tags: Any, check: bool = False, **more: Any) -> dict[str, Any]:
    rows = [tag if isinstance(tag, dict) else {"tag": tag} for tag in tags]
    options = {**server.options, "images": rows, "wait_interval": 0.1, "wait_timeout": 20, **more}
    result = run_module("anchore_image", options, check=check, diff=True)
    assert server.password not in json.dumps(result)
    return result


def info(server: AnchoreServer, *tags: Any, **more: Any) -> dict[str, Any]:
    rows = [tag if isinstance(tag, dict) else {"tag": tag} for tag in tags]
    result = run_module("anchore_image_info", {**server.options, "images": rows, "retries": 0, **more})
    assert server.password not in json.dumps(result)
    return result


def cli(server: AnchoreServer, *words: str) -> tuple[int, str]:
    environment = {
        **os.environ,
        "ANCHORE_CLI_URL": server.url,
        "ANCHORE_CLI_USER": server.user,
        "ANCHORE_CLI_PASS": server.password,
        "REQUESTS_CA_BUNDLE": str(server.ca_file),
    }
    command = [ANCHORECLI.program("anchore-cli"), "--json", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout


def test_it_is_predicted_added_awaited_and_then_left_alone(server: AnchoreServer) -> None:
    predicted = images(server, WEB, API, check=True)
    assert predicted["changed"]
    assert server.engine.images == {}
    done = images(server, WEB, API)
    assert (done["changed"], done["diff"]["before"]) == (True, "")
    assert [row["action"] for row in done["images"]] == [row["action"] for row in predicted["images"]] == ["added"] * 2
    assert {row["analysis_status"] for row in done["images"]} == {"analyzed"}
    again = images(server, WEB, API)
    assert (again["changed"], again["requests"]) == (False, 1)
    status, told = cli(server, "image", "list")
    assert status == 0
    assert {row["imageDigest"] for row in json.loads(told)} == {digest_of("web"), digest_of("api")}


def test_one_hundred_images_cost_one_loop(server: AnchoreServer) -> None:
    tags = [f"registry.example.com/many/image{number}:1" for number in range(100)]
    server.engine.registry.update({tag: Content(digest_of(tag)) for tag in tags})
    server.engine.analysis_seconds = 1.0
    done = images(server, *tags, wait_interval=0.5)
    assert [row["analysis_status"] for row in done["images"]] == ["analyzed"] * 100
    assert {path for method, path in server.requests if method == "GET"} == {"/images"}
    assert looks(server) <= 8
    assert done["requests"] == 100 + looks(server)


def test_one_that_fails_loses_no_other(server: AnchoreServer) -> None:
    done = images(server, WEB, BROKEN, "registry.example.com/none:1")
    assert done["failed"]
    assert done["msg"].startswith("2 of 3 images: ")
    assert "could not analyse" in done["images"][1]["error"]
    assert "cannot fetch image digest" in done["images"][2]["error"]
    assert done["images"][0]["analysis_status"] == "analyzed"
    assert done["changed"]


def test_an_analysis_that_takes_too_long(server: AnchoreServer) -> None:
    server.engine.analysis_seconds = 60
    done = images(server, WEB, wait_timeout=0.5)
    assert done["failed"]
    assert "not analysed within 0.5 s" in done["msg"]
    assert images(server, WEB, wait=False)["changed"] is False


def test_a_tag_that_has_moved_is_seen_when_it_is_asked_for(server: AnchoreServer) -> None:
    images(server, WEB)
    server.engine.registry[WEB] = Content(digest_of("newer"))
    assert images(server, WEB)["changed"] is False
    moved = images(server, WEB, refresh=True)
    assert (moved["changed"], moved["images"][0]["digest"]) == (True, digest_of("newer"))
    assert images(server, WEB, refresh=True)["changed"] is False
    assert info(server, WEB)["images"][0]["digest"] == digest_of("newer")
    old = {"tag": WEB, "digest": digest_of("web")}
    assert images(server, old)["changed"] is False
    gone = images(server, WEB, state="absent")
    assert [row["action"] for row in gone["images"]] == ["removed", "removed"]
    assert server.engine.images == {}


def test_annotations_are_kept_beside_each_other(server: AnchoreServer) -> None:
    images(server, {"tag": WEB, "annotations": {"team": "shop"}})
    assert images(server, {"tag": WEB, "annotations": {"team": "shop"}})["changed"] is False
    changed = images(server, {"tag": WEB, "annotations": {"stage": "prod"}})
    assert changed["images"][0]["action"] == "annotated"
    assert "'stage': 'prod', 'team': 'shop'" in changed["diff"]["after"]
    assert server.engine.images[digest_of("web")]["annotations"] == {"team": "shop", "stage": "prod"}


def test_an_annotation_without_a_value_goes(server: AnchoreServer) -> None:
    images(server, {"tag": WEB, "annotations": {"team": "shop", "stage": "prod"}})
    gone: dict[str, Any] = {"tag": WEB, "annotations": {"team": None}}
    assert images(server, gone, check=True)["changed"]
    assert images(server, gone)["images"][0]["action"] == "annotated"
    assert server.engine.images[digest_of("web")]["annotations"] == {"stage": "prod"}
    assert images(server, gone)["changed"] is False


def looks(server: AnchoreServer) -> int:
    return sum(method == "GET" for method, _path in server.requests)


@contextlib.contextmanager
def during_the_wait(server: AnchoreServer, act: Callable[[], None]) -> Iterator[None]:
    """Do something after the first look at images that are awaited."""
    before, over = looks(server), threading.Event()

    def watch() -> None:
        while looks(server) < before + 2 and not over.wait(0.02):
            pass
        act()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_an_engine_that_is_away_for_a_while_is_waited_for(server: AnchoreServer) -> None:
    server.engine.analysis_seconds = 60
    images(server, WEB, API, wait=False)

    def go_away_and_come_back_done() -> None:
        server.fault("/images", Fault.DOWN, times=3)
        server.engine.finish()

    before = looks(server)
    with during_the_wait(server, go_away_and_come_back_done):
        done = images(server, WEB, API, retries=0, wait_interval=0.2)
    assert {row["analysis_status"] for row in done["images"]} == {"analyzed"}
    assert looks(server) - before >= 5
    server.fault("/images", Fault.ERROR)
    assert images(server, WEB, retries=0)["msg"].endswith("the database is away")


def test_a_password_that_is_changed_meanwhile_fails_what_is_awaited_and_tells_what_was_added(
    server: AnchoreServer,
) -> None:
    server.engine.analysis_seconds = 60
    with during_the_wait(server, lambda: server.fault("/images", Fault.UNAUTHORISED)):
        done = images(server, WEB, API, wait_interval=0.2)
    assert done["failed"]
    assert done["changed"]
    assert all("could not be awaited" in row["error"] and row["digest"] for row in done["images"])


def test_images_of_docker_hub_are_added_by_the_name_that_everybody_asks_for(server: AnchoreServer) -> None:
    name = "docker.io/library/nginx:1"
    server.engine.registry[name] = Content(digest_of("nginx"))
    assert images(server, "nginx:1")["changed"]
    assert images(server, name)["changed"] is False
    assert info(server, "nginx:1")["images"][0]["action"] == "go"
    short = "docker.io/redis:7"
    server.engine.registry[short] = Content(digest_of("redis"))
    assert cli(server, "image", "add", short)[0] == 0
    assert images(server, "redis:7")["changed"] is False
    assert info(server, "redis:7")["images"][0]["action"] == "go"


def test_by_digest_and_analysed_again(server: AnchoreServer) -> None:
    done = images(server, {"tag": WEB, "digest": digest_of("web")})
    assert done["images"][0]["action"] == "added"
    again = images(server, {"tag": WEB, "digest": digest_of("web")}, force=True)
    assert (again["changed"], again["images"][0]["action"]) == (True, "analysed_again")


def test_removal_predicted_done_and_left_alone_and_nothing_goes_that_has_other_names(server: AnchoreServer) -> None:
    other = "registry.example.com/shop/web:stable"
    server.engine.registry[other] = server.engine.registry[WEB]
    images(server, WEB, other, API)
    refused = images(server, WEB, API, state="absent")
    assert refused["failed"]
    assert other in refused["msg"]
    assert len(server.engine.images) == 2
    assert images(server, API, state="absent", check=True)["changed"]
    assert images(server, API, state="absent")["changed"]
    assert images(server, API, state="absent")["changed"] is False
    assert images(server, WEB, state="absent", force=True)["changed"]
    assert server.engine.images == {}


def test_verdicts_reasons_vulnerabilities_and_content_as_the_independent_client_sees_them(
    server: AnchoreServer,
) -> None:
    images(server, WEB, API)
    told = info(server, WEB, API, content=["os"])
    web, api = told["images"]
    assert (web["action"], web["passed"], web["reasons"][0]["trigger_id"]) == ("stop", False, "CVE-2024-1+openssl")
    assert (api["action"], api["vulnerabilities"]) == ("go", {})
    assert (web["vulnerabilities"], web["content"]["os"][0]["package"]) == ({"high": 1, "low": 1}, "openssl")
    assert web["vulnerability_list"][0]["fixed_in"] == ["3.1"]
    failed = {row["control"] for row in told["findings"] if row["status"] == "fail"}
    assert failed == {"anchore.policy_evaluation", "anchore.vulnerabilities.package", "image.vulnerability"}
    assert cli(server, "evaluate", "check", WEB)[0] == 1
    assert cli(server, "evaluate", "check", API)[0] == 0
    rows = json.loads(cli(server, "image", "vuln", WEB, "all")[1])["vulnerabilities"]
    assert [row["vuln"] for row in rows] == [row["id"] for row in web["vulnerability_list"]]


def test_what_the_independent_client_prints_is_imported_as_the_same_findings(
    server: AnchoreServer, tmp_path: Path
) -> None:
    images(server, WEB)
    told = info(server, WEB, target="shop")
    reports = []
    for words in (("image", "vuln", WEB, "all"), ("evaluate", "check", WEB, "--detail")):
        file = tmp_path / f"{words[0]}.json"
        file.write_text(cli(server, *words)[1])
        reports.append({"path": str(file), "artifact": WEB})
    imported = run_module("findings_import", {"reports": reports, "target": "shop"})
    found = {row["fingerprint"]: row["severity"] for result in imported["results"] for row in result["findings"]}
    assert found == {row["fingerprint"]: row["severity"] for row in told["findings"]}
    assert len(told["findings"]) == 4


def test_vulnerabilities_are_narrowed_and_then_do_not_stand_for_all(server: AnchoreServer) -> None:
    images(server, WEB)
    whole = info(server, WEB)
    assert "image.vulnerability" in whole["controls"]
    fixable = info(server, WEB, minimum_severity="high", only_fixable=True, evaluate=False)
    assert [row["id"] for row in fixable["images"][0]["vulnerability_list"]] == ["CVE-2024-1"]
    assert {row["control"] for row in fixable["findings"]} == {"image.vulnerability"}
    none = info(server, WEB, vulnerabilities="none")
    assert none["images"][0]["vulnerability_list"] == []
    assert "image.vulnerability" not in none["controls"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.DOWN, "unreachable"),
        (Fault.SLOW, "timeout"),
        (Fault.ERROR, "server_error"),
        (Fault.BUSY, "server_error"),
        (Fault.UNAUTHORISED, "unauthorised"),
        (Fault.HALF, "invalid_answer"),
        (Fault.NO_JSON, "invalid_answer"),
        (Fault.OTHER_DIGEST, "wrong_digest"),
    ],
)
def test_an_engine_that_goes_wrong_is_an_error_and_never_a_pass(server: AnchoreServer, fault: Fault, kind: str) -> None:
    images(server, WEB, API)
    server.fault(f"/images/{digest_of('api')}", fault)
    told = info(server, WEB, API, timeout=1)
    assert not told.get("failed"), told
    web, api = told["images"]
    assert web["action"] == "stop"
    assert (api["action"], api["passed"], api["error_kind"]) == ("", False, kind)
    errors = [row for row in told["findings"] if row["status"] == "error"]
    assert [row["subject"]["name"] for row in errors] == [API]


def test_what_is_not_known_and_what_is_not_analysed_yet(server: AnchoreServer) -> None:
    server.engine.analysis_seconds = 60
    images(server, WEB, wait=False)
    told = info(server, WEB, API)
    assert [row["error_kind"] for row in told["images"]] == ["not_analysed", "unknown_image"]


def test_an_engine_that_is_busy_for_a_moment_is_asked_again(server: AnchoreServer) -> None:
    images(server, API)
    server.fault("/images", Fault.BUSY, times=2)
    told = info(server, API, retries=3)
    assert told["images"][0]["action"] == "go"


def test_wrong_words_and_a_wrong_password(server: AnchoreServer) -> None:
    for row, said in (
        ({"tag": "a@sha256:1"}, "tag must be registry/repository:tag"),
        ({"tag": "a:1", "digest": "1"}, "digest must be sha256:"),
        ({"tag": "a:1", "dockerfile": "/nowhere"}, "/nowhere cannot be read"),
    ):
        done = images(server, row)
        assert said in done["msg"]
    assert "declared twice" in images(server, "docker.io/nginx:1", "nginx:1")["msg"]
    assert "answered 401" in images(server, WEB, password="wrong")["msg"]
    assert server.engine.images == {}

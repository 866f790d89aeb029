# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies, registries, subscriptions and feeds of an engine, by the published contract, beside Anchore's own client.

The engine itself cannot run here: what stands in for it is held against the engine's specification.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.anchore.engine import Engine
from tests.lab.anchore.server import AnchoreServer, Fault, anchore_server
from tests.lab.ansible import run_module, run_playbook
from tests.lab.dockerd import REPOSITORY

_CLI = REPOSITORY / ".build" / "venv-anchorecli" / "bin" / "anchore-cli"
_POLICIES = REPOSITORY / "roles" / "anchore" / "files" / "policies"
_REGISTRY = "registry.example.com:5000"
_PULL_PASSWORD = "pull-me-4ever"
_KEY = "docker.io/library/nginx:1.27"


class _StaleEngine(Engine):
    """An engine that lost touch: one service is down, one feed is old, one was never synced."""

    def _system(self, method: str, rest: list[str], query: Any, body: Any) -> Any:
        found = super()._system(method, rest, query, body)
        if rest == ["feeds"]:
            old = {"name": "debian:12", "last_sync": "2020-01-01T00:00:00Z", "record_count": 1}
            return [{**found[0], "groups": [old, {"name": "alpine:3.20", "record_count": 0}]}]
        if not rest:
            found["service_states"][3] = {**found["service_states"][3], "status": False}
        return found


@pytest.fixture
def server() -> Iterator[AnchoreServer]:
    with anchore_server() as running:
        yield running


def _run(server: AnchoreServer, module: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
    before = len([1 for method, _path in server.requests if method != "GET"])
    answer = run_module(module, {**server.options, "retries": 0, **options}, check=check, diff=True)
    text = json.dumps(answer)
    assert server.password not in text
    assert _PULL_PASSWORD not in text
    assert not check or len([1 for method, _path in server.requests if method != "GET"]) == before
    return answer


def _cli(server: AnchoreServer, *words: str) -> Any:
    """What Anchore's own client says, as JSON."""
    access = ["--json", "--url", server.url, "--u", server.user, "--p", server.password]
    trust = {"REQUESTS_CA_BUNDLE": str(server.ca_file), "ANCHORE_CLI_SSL_VERIFY": "y"}
    told = subprocess.run(
        [str(_CLI), *access, *words], check=True, capture_output=True, text=True, env={**os.environ, **trust}
    )
    return json.loads(told.stdout)


def test_policies_are_what_the_client_of_anchore_sees(server: AnchoreServer) -> None:
    wish = [{"path": str(_POLICIES / "workshop.json"), "active": True}, {"path": str(_POLICIES / "strict.json")}]
    predicted = _run(server, "anchore_policy", bundles=wish, check=True)
    done = _run(server, "anchore_policy", bundles=wish)
    assert (predicted["bundles"], predicted["diff"]) == (done["bundles"], done["diff"])
    seen = {row["policyId"]: row["active"] for row in _cli(server, "policy", "list")}
    assert seen == {"bulkhead-workshop": True, "bulkhead-strict": False}
    [record] = _cli(server, "policy", "get", "bulkhead-strict", "--detail")
    ours = json.loads((_POLICIES / "strict.json").read_text())
    assert len(record["policybundle"]["policies"][0]["rules"]) == len(ours["policies"][0]["rules"])
    again = _run(server, "anchore_policy", bundles=wish)
    assert (again["changed"], again["requests"]) == (False, 1)


def test_what_others_sent_as_it_stands_in_the_file_is_no_difference(server: AnchoreServer) -> None:
    for name in ("baseline", "strict"):
        bundle = json.loads((_POLICIES / f"{name}.json").read_text())
        bundle["mappings"][0]["policy_id"] = bundle["mappings"][0].pop("policy_ids")[0]
        server.engine.answer("POST", "/policies", {}, bundle)
        assert not _run(server, "anchore_policy", path=str(_POLICIES / f"{name}.json"))["changed"]


def test_a_bundle_takes_the_place_of_the_active_one_and_that_one_goes(server: AnchoreServer) -> None:
    _run(server, "anchore_policy", path=str(_POLICIES / "workshop.json"), active=True)
    refused = _run(server, "anchore_policy", id="bulkhead-workshop", state="absent")
    assert "is the active bundle, and cannot be deleted" in refused["msg"]
    gone = {"id": "bulkhead-workshop", "state": "absent"}
    _run(server, "anchore_policy", bundles=[gone, {"path": str(_POLICIES / "strict.json"), "active": True}])
    assert {row["policyId"]: row["active"] for row in _cli(server, "policy", "list")} == {"bulkhead-strict": True}


def test_registries_and_their_drift(server: AnchoreServer) -> None:
    registry = {"registry": _REGISTRY, "username": "puller", "password": _PULL_PASSWORD, "name": "Ours"}
    assert _run(server, "anchore_registry", registries=[registry])["changed"]
    [seen] = _cli(server, "registry", "list")
    assert (seen["registry"], seen["registry_user"], seen["registry_name"]) == (_REGISTRY, "puller", "Ours")
    assert not _run(server, "anchore_registry", registries=[registry])["changed"]
    server.engine.registries[_REGISTRY]["registry_verify"] = False
    drifted = _run(server, "anchore_registry", registries=[{**registry, "verify": True}], check=True)
    [difference] = drifted["diff"]
    assert (difference["before"]["verify"], difference["after"]["verify"]) == (False, True)
    _run(server, "anchore_registry", registries=[{"registry": _REGISTRY, "state": "absent"}])
    assert _cli(server, "registry", "list") == []


def test_a_password_that_the_registry_refuses_is_not_repeated(server: AnchoreServer) -> None:
    row = {"registry": _REGISTRY, "username": "puller", "password": "wrong"}
    answer = _run(server, "anchore_registry", registries=[row])
    assert answer["failed"]
    assert "cannot ping/login to registry with puller/********" in answer["msg"]
    assert server.engine.registries == {}


def test_subscriptions_and_their_drift(server: AnchoreServer) -> None:
    wish = [{"key": _KEY, "types": ["tag_update", "policy_eval"]}]
    assert _run(server, "anchore_subscription", subscriptions=wish)["changed"]
    seen = {row["subscription_type"]: row["active"] for row in _cli(server, "subscription", "list")}
    assert seen == {"tag_update": True, "policy_eval": True}
    _cli(server, "subscription", "deactivate", "policy_eval", _KEY)
    told = _run(server, "anchore_subscription", subscriptions=wish)
    assert [row["action"] for row in told["subscriptions"]] == ["unchanged", "changed"]
    _run(server, "anchore_subscription", subscriptions=[{**wish[0], "state": "absent"}])
    assert _cli(server, "subscription", "list") == []


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault.HALF, "broke off"),
        (Fault.NO_JSON, "is not JSON"),
        (Fault.UNAUTHORISED, "answered 401"),
        (Fault.ERROR, "answered 500: the database is away"),
        (Fault.DOWN, "cannot be reached"),
    ],
)
def test_whatever_goes_wrong_is_one_sentence_and_nothing_is_written(
    server: AnchoreServer, fault: Fault, sentence: str
) -> None:
    server.fault("/policies", fault)
    answer = _run(server, "anchore_policy", path=str(_POLICIES / "strict.json"))
    assert answer["failed"]
    assert sentence in answer["msg"]
    assert server.engine.policies == {}


def test_what_an_engine_is_asked_to_validate_against_is_its_own_language(server: AnchoreServer) -> None:
    answer = _run(server, "anchore_policy", path=str(_POLICIES / "strict.json"), validate_against="engine")
    assert "there is no gate 'dockerfile'; there are always" in answer["msg"]


def test_an_engine_that_lost_touch_closes_the_gate_of_the_report(tmp_path: Path) -> None:
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [
            {
                "bulkhead.container_security.anchore_system_info": {
                    **dict.fromkeys(("url", "username", "password", "ca_path"), ""),
                    "max_feed_age_hours": 48,
                    "target": "engine",
                },
                "register": "engine",
            },
            {
                "bulkhead.container_security.audit_report": {
                    "registered": ["engine"],
                    "fail_on": "high",
                    "output_dir": str(tmp_path),
                }
            },
        ],
    }
    with anchore_server(_StaleEngine()) as server:
        play["tasks"][0]["bulkhead.container_security.anchore_system_info"].update(server.options)  # type: ignore[index]
        file = tmp_path / "play.json"
        file.write_text(json.dumps([play]))
        result = run_playbook(file)
    assert result.rc != 0
    assert "Gate closed: 3 high failing" in result.stdout + result.stderr
    report = json.loads((tmp_path / "audit-report.json").read_text())
    failed = {(row["control"], row["subject"]["name"]) for row in report["findings"] if row["status"] == "fail"}
    assert failed == {
        ("anchore.service.up", "analyzer"),
        ("anchore.feed.synced", "vulnerabilities/alpine:3.20"),
        ("anchore.feed.fresh", "vulnerabilities/debian:12"),
    }
    assert server.password not in result.stdout + result.stderr

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers hold exactly what they name, for exactly as long as they say, and say where they are wrong."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import (
    Scope,
    Use,
    Waiver,
    WaiverError,
    apply_waivers,
    check_unique,
    state,
    waiver_findings,
    waiver_from,
)
from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, finding

TODAY = datetime.date(2030, 5, 1)


def row(**changes: Any) -> dict[str, Any]:
    fields = {
        "id": "agent",
        "control": PRIVILEGED,
        "owner": "platform",
        "reason": "The agent needs it.",
        "expires": "2030-12-31",
    }
    return {**fields, **changes}


def waiver(**changes: Any) -> Waiver:
    return waiver_from(row(**changes), "waivers.yml:3")


def status(accepted: Waiver, **about: Any) -> str:
    judged, _uses = apply_waivers([finding(**about)], [accepted], TODAY)
    return str(judged[0]["status"])


def test_a_waived_finding_names_owner_reason_and_end() -> None:
    judged, uses = apply_waivers([finding()], [waiver()], TODAY)
    assert judged[0]["status"] == "waived"
    assert judged[0]["waiver"] == {
        "id": "agent",
        "owner": "platform",
        "reason": "The agent needs it.",
        "expires": "2030-12-31",
    }
    assert uses[0].findings == 1


def test_the_finding_that_came_in_is_left_alone() -> None:
    original = finding()
    apply_waivers([original], [waiver()], TODAY)
    assert original["status"] == "fail"
    assert original["waiver"] is None


@pytest.mark.parametrize(
    ("changes", "about", "expected"),
    [
        ({"control": "docker.*"}, {}, "waived"),
        ({"control": "docker.host.*"}, {}, "fail"),
        ({"control": ["other.*", "docker.container.*"]}, {}, "waived"),
        ({"target": "web*"}, {"target": "web7"}, "waived"),
        ({"target": "web*"}, {"target": "db1"}, "fail"),
        ({"target": "web*"}, {"target": "WEB1"}, "fail"),
        ({"target": "web1"}, {"target": "web1.example.net"}, "fail"),
        ({"target": "web?"}, {"target": "web12"}, "fail"),
        ({"subject": {"name": "app"}}, {"name": "app"}, "waived"),
        ({"subject": {"name": "app"}}, {"name": "app2"}, "fail"),
        ({"subject": {"kind": "image"}}, {}, "fail"),
        ({"subject": {"namespace": "shop"}}, {}, "fail"),
        ({"subject": {"namespace": "*"}}, {}, "waived"),
        ({"control": "docker[.]container.privileged"}, {}, "waived"),
        ({"control": "docker.container.privilege"}, {}, "fail"),
    ],
)
def test_all_patterns_must_match_the_whole_name(changes: dict[str, Any], about: dict[str, Any], expected: str) -> None:
    assert status(waiver(**changes), **about) == expected


def test_container_and_namespace_narrow_a_pod() -> None:
    subject = {"kind": "pod", "namespace": "shop", "name": "cart", "container": "app"}
    both = waiver(subject={"namespace": "shop", "container": "app"})
    other = waiver(subject={"namespace": "shop", "container": "sidecar"})
    assert status(both, subject=subject) == "waived"
    assert status(other, subject=subject) == "fail"


@pytest.mark.parametrize("kept", ["error", "manual", "pass", "not_applicable"])
def test_only_a_failure_can_be_waived(kept: str) -> None:
    assert status(waiver(), status=kept) == kept


@pytest.mark.parametrize(
    ("expires", "expected"), [("2030-04-30", "fail"), ("2030-05-01", "waived"), ("2030-05-02", "waived")]
)
def test_a_waiver_holds_through_its_last_day(expires: str, expected: str) -> None:
    assert status(waiver(expires=expires)) == expected


def test_the_first_one_that_holds_is_named_and_all_count() -> None:
    waivers = [waiver(id="over", expires="2029-01-01"), waiver(id="first"), waiver(id="second")]
    judged, uses = apply_waivers([finding()], waivers, TODAY)
    assert judged[0]["waiver"]["id"] == "first"
    assert [use.findings for use in uses] == [1, 1, 1]


@pytest.mark.parametrize("missing", ["id", "control", "owner", "reason", "expires"])
def test_a_required_field_is_asked_for_with_its_place(missing: str) -> None:
    fields = row()
    del fields[missing]
    with pytest.raises(WaiverError, match=rf"^waivers\.yml:3: the waiver has no {missing};"):
        waiver_from(fields, "waivers.yml:3")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reson": "x"}, "'reson' is no field"),
        ({"expires": "soon"}, "expires takes a day such as 2030-01-31, not 'soon'"),
        ({"expires": "2030-02-30"}, "expires takes a day"),
        ({"expires": 20300101}, "expires takes a day"),
        ({"subject": "web"}, "subject takes patterns by part"),
        ({"subject": []}, "subject takes patterns by part"),
        ({"subject": ""}, "subject takes patterns by part"),
        ({"subject": None}, "subject takes patterns by part"),
        ({"subject": {"nam": "web"}}, "subject has no 'nam'"),
        ({"control": []}, "no control"),
        ({"target": []}, "target is an empty list"),
        ({"target": [3]}, "target takes a pattern"),
        ({"owner": 7}, "owner must be text"),
        ({"reason": "  "}, "reason must be text"),
        ({"everything": "yes"}, "everything takes true or false"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(WaiverError, match=message):
        waiver(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"control": "*"},
        {"control": "**", "target": "*"},
        {"control": "?*"},
        {"control": "*", "subject": {"kind": "container"}},
        {"control": "*", "subject": {"name": "*"}},
        {"control": ["docker.x", "*"]},
    ],
)
def test_a_waiver_of_everything_is_refused_unless_meant(changes: dict[str, Any]) -> None:
    with pytest.raises(WaiverError, match="would waive every finding"):
        waiver(**changes)
    assert status(waiver(**changes, everything=True)) == "waived"


@pytest.mark.parametrize("changes", [{"control": "*", "target": "lab*"}, {"control": "*", "subject": {"name": "x*"}}])
def test_a_waiver_of_one_host_or_subject_may_name_every_control(changes: dict[str, Any]) -> None:
    assert waiver(**changes).control == ("*",)


def test_a_date_of_yaml_is_a_day_too() -> None:
    assert waiver(expires=datetime.date(2031, 1, 1)).expires == datetime.date(2031, 1, 1)
    assert waiver(expires=datetime.datetime(2031, 1, 1, 9)).expires == datetime.date(2031, 1, 1)


def test_an_id_stands_for_one_waiver() -> None:
    with pytest.raises(WaiverError, match=r"b\.yml:9: waiver id 'agent' stands already at a\.yml:1"):
        check_unique([waiver_from(row(), "a.yml:1"), waiver_from(row(), "b.yml:9")])


AUDITED = {"web1": frozenset((PRIVILEGED,))}


@pytest.mark.parametrize(
    ("changes", "matched", "scope", "expected"),
    [
        ({}, 1, Scope(AUDITED), "active"),
        ({"expires": "2030-05-31"}, 1, Scope(AUDITED), "expiring"),
        ({"expires": "2030-06-01"}, 1, Scope(AUDITED), "active"),
        ({"expires": "2030-04-30"}, 1, Scope(AUDITED), "expired"),
        ({"expires": "2030-04-30"}, 0, Scope(AUDITED), "expired"),
        ({}, 0, Scope(AUDITED), "unused"),
        ({"target": "web*"}, 0, Scope(AUDITED, ["web2"]), "unchecked"),
        ({"target": "web1"}, 0, Scope(AUDITED, ["web2"]), "unused"),
        ({}, 0, Scope({"web1": frozenset(("docker.other",))}), "unchecked"),
        ({}, 0, Scope({"web1": None}), "unused"),
        ({"target": "gone"}, 0, Scope(AUDITED), "unused"),
    ],
)
def test_unused_is_said_only_of_what_was_looked_at(
    changes: dict[str, Any], matched: int, scope: Scope, expected: str
) -> None:
    assert state(Use(waiver(**changes), matched), scope, TODAY, 30) == expected


def test_expired_and_unused_waivers_become_findings() -> None:
    uses = [Use(waiver(id="old"), 2), Use(waiver(id="idle")), Use(waiver(id="good"), 1)]
    expired, unused = waiver_findings(uses, ["expired", "unused", "active"])
    assert (expired["control"], expired["subject"]["name"], expired["severity"]) == (
        "audit.waiver.expired",
        "old",
        "low",
    )
    assert expired["evidence"] == {"owner": "platform", "source": "waivers.yml:3", "findings": 2}
    assert (unused["control"], unused["subject"]["name"], unused["severity"]) == ("audit.waiver.unused", "idle", "info")
    assert expired["fingerprint"] != unused["fingerprint"]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user is told."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    CHANGED,
    CREATED,
    FAILED,
    PRUNED,
    SKIPPED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import EMPTY, Parent
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.report import (
    changes,
    diffs,
    failure_message,
    object_reports,
)


def _plan(*members: Member, pruned: tuple[Member, ...] = (), problems: tuple[str, ...] = ()) -> Plan:
    kinds: Any = None
    return Plan(Parent("p", "ns"), None, EMPTY, EMPTY, kinds, list(members), list(pruned), [], list(problems))


def _member(action: str, name: str = "a", **options: Any) -> Member:
    return Member("v1", "Secret", "ns", name, action=action, **options)


def _secret(value: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "uid": "1"},
        "data": {"k": value, "l": "eA=="},
    }


def test_a_difference_holds_what_changes_and_no_secret() -> None:
    """A changed object its fields, a new and a removed one itself."""
    changed = _member(CHANGED, live=_secret("b2xk"), result=_secret("bmV3"))
    made, gone = _member(CREATED, desired=_secret("bmV3")), _member(PRUNED, live=_secret("b2xk"))
    found = diffs(_plan(changed, made, _member(SKIPPED), pruned=(gone,)))
    assert [part["after_header"] for part in found] == ["v1 Secret ns/a"] * 3
    before, after = (yaml.safe_load(found[0][side]) for side in ("before", "after"))
    assert before.keys() == after.keys() == {"data"}
    assert before["data"].keys() == {"k"}
    assert before != after
    assert (found[1]["before"], found[2]["after"]) == ("", "")
    assert "uid" not in found[2]["before"]
    assert not any(secret in str(found) for secret in ("b2xk", "bmV3"))


def test_a_failure_says_what_was_written_and_names_ten() -> None:
    """And how many more there are."""
    members = [_member(FAILED, f"f{number}", message="no") for number in range(12)]
    written = _member(CREATED, "done", written=True)
    message = failure_message(_plan(written, *members, problems=("It broke off",)))
    assert "objects written: 1" in message
    assert "Secret ns/f9: no. and 2 more. It broke off" in message
    assert "f10" not in message


def test_whether_anything_changes() -> None:
    """Also when what was written failed afterwards, and when only the parent did."""
    assert not changes(_plan(_member(SKIPPED)), "unchanged")
    assert changes(_plan(_member(FAILED, written=True)), "unchanged")
    assert changes(_plan(_member(PRUNED)), "unchanged")
    assert changes(_plan(), "created")


def test_objects_are_reported_in_the_order_of_their_declaration() -> None:
    """Then those that left."""
    reports = object_reports(_plan(_member(CREATED, "b"), _member(CHANGED, "a"), pruned=(_member(PRUNED, "c"),)))
    assert [(item["name"], item["action"]) for item in reports] == [("b", "created"), ("a", "changed"), ("c", "pruned")]

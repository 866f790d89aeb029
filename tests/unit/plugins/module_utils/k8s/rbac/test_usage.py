# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a log of the audit shows of the grants."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac import audit_events
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import Authorizer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import read_definitions
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import Subject
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.usage import Usage
from tests.unit.plugins.module_utils.k8s.rbac.manifests import binding, role, rule

ALICE, DEVS = Subject("User", "alice"), Subject("Group", "devs")
OBJECTS = read_definitions(
    [
        role(
            "dev", rule("get,list", "pods"), rule("create", "deployments", "apps"), rule("get", "secrets", names="db")
        ),
        binding("devs", "ClusterRole/dev", "Group:devs"),
        role("ops", rule("delete", "pods"), rule("impersonate", "users"), namespace="shop"),
        binding("ops", "Role/ops", "User:alice", namespace="shop"),
        role("system:discovery", {"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*"]}),
        binding("system:discovery", "ClusterRole/system:discovery", "Group:system:authenticated"),
    ]
)


def event(verb: str, resource: str = "", user: str = "alice", groups: str = "devs", **fields: Any) -> dict[str, Any]:
    """An event of the audit, in the fields that matter; `ref` are those of the object."""
    name, _slash, subresource = resource.partition("/")
    ref = {"resource": name, "subresource": subresource, **fields.pop("ref", {})}
    return {
        "kind": "Event",
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": user, "groups": [*groups.split(","), "system:authenticated"]},
        "requestReceivedTimestamp": "2026-01-02T00:00:00.000000Z",
        **({"objectRef": {key: value for key, value in ref.items() if value}} if resource else {}),
        **fields,
    }


def _usage(folder: Path, *events: dict[str, Any] | str) -> Usage:
    log = folder / "audit.log"
    log.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in events))
    usage = Usage(Authorizer(OBJECTS.roles, OBJECTS.bindings))
    usage.read([str(log)])
    return usage


def _unused(usage: Usage) -> set[str]:
    """Role and rule, such as dev 0."""
    return {
        f"{text.split(' rule ')[0].rpartition(' ')[2].rpartition('/')[2]} {text.split(' rule ')[1][0]}"
        for texts in usage.unused().values()
        for text in texts
    }


EVERYTHING = {"dev 0", "dev 1", "dev 2", "ops 0", "ops 1"}


@pytest.mark.parametrize(
    ("one", "used"),
    [
        (event("list", "pods", ref={"namespace": "shop"}), {"dev 0"}),
        (event("list", "pods", user="eve", ref={"namespace": "shop"}), {"dev 0"}),
        (event("list", "pods", groups="others"), set()),
        (event("create", "deployments", ref={"apiGroup": "apps", "namespace": "shop", "name": "web"}), {"dev 1"}),
        (event("get", "secrets", ref={"namespace": "shop", "name": "db"}), {"dev 2"}),
        (event("get", "secrets", ref={"namespace": "shop", "name": "other"}), set()),
        (event("delete", "pods", ref={"namespace": "shop", "name": "web-0"}), {"ops 0"}),
        (event("delete", "pods", ref={"namespace": "other", "name": "web-0"}), set()),
        (event("delete", "pods", ref={"namespace": "shop"}, responseStatus={"code": 403}), set()),
        (event("list", "pods", annotations={"authorization.k8s.io/decision": "forbid"}), set()),
        (event("list", "pods", stage="RequestReceived"), set()),
        (event("list", "pods", responseStatus={"code": 404}), {"dev 0"}),
        (event("get", requestURI="/api/v1?timeout=32s"), set()),
        (
            event("list", "pods", user="ci", groups="bots", impersonatedUser={"username": "x", "groups": ["devs"]}),
            {"dev 0"},
        ),
    ],
)
def test_what_counts_as_used(tmp_path: Path, one: dict[str, Any], used: set[str]) -> None:
    assert EVERYTHING - _unused(_usage(tmp_path, one)) == used


def test_unused_grants_are_told_with_their_path(tmp_path: Path) -> None:
    usage = _usage(tmp_path, event("list", "pods"), event("delete", "pods", ref={"namespace": "shop", "name": "x"}))
    assert usage.unused() == {
        DEVS: [
            "ClusterRoleBinding devs → ClusterRole dev rule 1, everywhere",
            "ClusterRoleBinding devs → ClusterRole dev rule 2, everywhere",
        ],
        ALICE: ["RoleBinding shop/ops → Role shop/ops rule 1, in shop"],
    }


def test_the_least_roles_of_what_was_used(tmp_path: Path) -> None:
    """Who is impersonated is who asks; what everybody may do needs no role."""
    impersonated = {"username": "system:serviceaccount:ci:robot", "groups": ["devs"]}
    usage = _usage(
        tmp_path,
        event("list", "pods", ref={"namespace": "shop"}),
        event("get", "secrets", ref={"namespace": "shop", "name": "db"}),
        event("get", requestURI="/api/v1"),
        event("create", "deployments", ref={"apiGroup": "apps", "namespace": "shop"}, impersonatedUser=impersonated),
        event("list", "pods", user="system:kube-scheduler"),
    )
    found = {(each["subject"]["name"], each["namespace"]): each["role"]["rules"] for each in usage.minimal_roles()}
    assert found == {
        ("alice", "shop"): [rule("get", "secrets", names="db"), rule("list", "pods")],
        ("alice", "ci"): [rule("impersonate", "serviceaccounts", names="robot")],
        ("alice", None): [rule("impersonate", "groups", names="devs")],
        ("robot", "shop"): [rule("create", "deployments", "apps")],
    }


def test_many_names_are_all_names(tmp_path: Path) -> None:
    gets = [event("get", "pods", ref={"namespace": "shop", "name": f"web-{number}"}) for number in range(50)]
    (found,) = _usage(tmp_path, *gets).minimal_roles()
    assert found["role"]["rules"] == [rule("get", "pods")]


def test_the_window_and_what_is_no_event(tmp_path: Path) -> None:
    later = {**event("list", "pods"), "requestReceivedTimestamp": "2026-01-03T00:00:00.000000Z"}
    usage = _usage(tmp_path, later, "", "{broken", "[]", "null", '{"verb": 1}', event("get", "pods"), {"verb": "get"})
    assert usage.as_dict() == {
        "events": 3,
        "unreadable": 4,
        "first": "2026-01-02T00:00:00.000000Z",
        "last": "2026-01-03T00:00:00.000000Z",
    }


def test_a_line_without_end_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_events, "LONGEST_LINE", 1000)
    usage = _usage(tmp_path, json.dumps({"verb": "x" * 5000}), event("list", "pods"))
    assert (usage.events, usage.unreadable) == (1, 1)


def test_a_packed_log_and_one_that_is_missing(tmp_path: Path) -> None:
    packed = tmp_path / "audit.log.gz"
    packed.write_bytes(gzip.compress(json.dumps(event("list", "pods")).encode()))
    usage = Usage(Authorizer(OBJECTS.roles, OBJECTS.bindings))
    usage.read([str(packed)])
    assert usage.events == 1
    with pytest.raises(K8sError, match=r"^audit_log: .*gone.log cannot be read: No such file or directory$"):
        usage.read([str(tmp_path / "gone.log")])


@pytest.mark.parametrize("lines", [(), ("garbage", "{}"), ({"kind": "Status"},)])
def test_a_log_that_shows_nothing_is_refused(tmp_path: Path, lines: tuple[Any, ...]) -> None:
    with pytest.raises(K8sError, match="there is no event of an audit in"):
        _usage(tmp_path, *lines)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bindings that name a subject, and what becomes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import grants
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import Subject
from tests.unit.scripted_api import Reply, scripted

ADA, ROBOT = Subject("User", "ada"), Subject("ServiceAccount", "robot", "shop")


def user(name: str) -> dict[str, str]:
    return {"kind": "User", "name": name}


def binding(*subjects: dict[str, str], namespace: str | None = "shop") -> dict[str, Any]:
    metadata = {"name": "b", "uid": "u", "resourceVersion": "7", **({"namespace": namespace} if namespace else {})}
    return {"metadata": metadata, "roleRef": {"kind": "ClusterRole", "name": "edit"}, "subjects": list(subjects)}


@pytest.mark.parametrize(
    ("subject", "rows", "action"),
    [
        (ADA, [user("ada")], "deleted"),
        (ADA, [user("ada"), user("ada")], "deleted"),
        (ADA, [user("bob"), user("ada")], "subject_removed"),
        (ADA, [user("bob")], None),
        (ADA, [], None),
        (ADA, [{"kind": "Group", "name": "ada"}], None),
        (ADA, [{"kind": "ServiceAccount", "name": "ada", "namespace": "shop"}], None),
        (ROBOT, [{"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}], "deleted"),
        (ROBOT, [{"kind": "ServiceAccount", "name": "robot", "namespace": "blog"}], None),
        (ROBOT, [user("system:serviceaccount:shop:robot")], "deleted"),
        (ROBOT, [user("robot")], None),
    ],
)
def test_who_is_named(subject: Subject, rows: list[dict[str, str]], action: str | None) -> None:
    found = grants.grants_of(subject, [("RoleBinding", binding(*rows))])
    assert [grant.action for grant in found] == ([action] if action else [])


def test_the_others_stay_and_the_version_that_was_read_is_named() -> None:
    [grant] = grants.grants_of(ADA, [("RoleBinding", binding(user("bob"), user("ada")))])
    with scripted(Reply(200)) as api:
        grants.take_away(api.cluster(), grant, ADA)
        sent = json.loads(api.seen[0].body)
        assert api.seen[0].method == "PUT"
        assert sent["subjects"] == [user("bob")]
        assert sent["metadata"]["resourceVersion"] == "7"


def test_a_binding_that_somebody_else_changes_meanwhile_is_looked_at_again() -> None:
    [grant] = grants.grants_of(ADA, [("ClusterRoleBinding", binding(user("ada"), namespace=None))])
    later = binding(user("ada"), user("bob"), namespace=None)
    with scripted(Reply(409), Reply(200, later), Reply(200)) as api:
        grants.take_away(api.cluster(), grant, ADA)
        assert [seen.method for seen in api.seen] == ["DELETE", "GET", "PUT"]
        assert json.loads(api.seen[0].body)["preconditions"] == {"uid": "u", "resourceVersion": "7"}
        assert json.loads(api.seen[2].body)["subjects"] == [user("bob")]


def test_a_binding_that_is_gone_meanwhile_is_as_it_should_be() -> None:
    [grant] = grants.grants_of(ADA, [("RoleBinding", binding(user("ada")))])
    for replies in ([Reply(404)], [Reply(409), Reply(404)]):
        with scripted(*replies) as api:
            grants.take_away(api.cluster(), grant, ADA)


def test_a_conflict_that_never_ends_is_an_error() -> None:
    [grant] = grants.grants_of(ADA, [("RoleBinding", binding(user("ada")))])
    again = Reply(200, binding(user("ada")))
    with scripted(Reply(409), again, Reply(409), again, Reply(409)) as api, pytest.raises(ApiStatus):
        grants.take_away(api.cluster(), grant, ADA)


def test_access_through_groups_is_told() -> None:
    every = [("RoleBinding", binding({"kind": "Group", "name": "devs"}, user("devs")))]
    assert grants.granted_to_groups(["devs", "ops"], every) == [
        {"group": "devs", "kind": "RoleBinding", "namespace": "shop", "name": "b", "role": "ClusterRole edit"}
    ]

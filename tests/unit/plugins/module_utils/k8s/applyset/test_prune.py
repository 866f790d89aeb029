# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be removed, and how it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    FAILED,
    PRUNED,
    SKIPPED,
    UNCHANGED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import PART_OF
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.prune import choose_pruned, prune
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, Unreachable

_SET = "applyset-x-v1"


def _member(kind: str = "ConfigMap", name: str = "a", namespace: str = "ns", **metadata: Any) -> Member:
    resource = Resource("", "v1", kind, f"{kind.lower()}s", bool(namespace), frozenset())
    live = {"metadata": {"uid": name, "resourceVersion": "7", "labels": {PART_OF: _SET}, **metadata}}
    return Member("v1", kind, namespace, name, resource=resource, live=live, action=PRUNED)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (_member(namespace="kube-system"), "kube-system is among protected_namespaces"),
        (_member("Namespace", "kube-system", ""), "it is the cluster's own"),
        (_member("Namespace", "default", ""), "it is the cluster's own"),
    ],
)
def test_what_stays_although_it_left(member: Member, reason: str) -> None:
    """With the reason, for a warning."""
    pruned, staying = choose_pruned([member], Settings())
    assert (pruned, [item.message for item in staying]) == ([], [reason])


def test_what_a_controller_made_with_our_label_is_neither_removed_nor_counted() -> None:
    """By its owner, or because nobody but the controller has set the label."""
    owned = _member(ownerReferences=[{"kind": "Service", "controller": True}])
    fields: dict[str, Any] = {"f:metadata": {"f:labels": {f"f:{PART_OF}": {}}}}
    copied = _member(managedFields=[{"manager": "kube-controller-manager", "fieldsV1": fields}])
    assert choose_pruned([owned, copied, _member()], Settings())[0][0].name == "a"
    assert choose_pruned([owned, copied], Settings()) == ([], [])


class _Cluster:
    """Answers deletions from a table by path, and looks from another."""

    def __init__(self, refusals: dict[str, Exception], now: dict[str, Any] | None = None) -> None:
        self.refusals = refusals
        self.now = now or {}
        self.deleted: list[tuple[str, dict[str, Any], dict[str, str]]] = []

    def request(self, method: str, path: str, body: dict[str, Any], *, query: dict[str, str]) -> None:
        assert method == "DELETE"
        self.deleted.append((path, body, query))
        refusal = self.refusals.pop(path.rpartition("/")[2], None)
        if refusal:
            raise refusal

    def get(self, path: str) -> Any:
        return self.now[path.rpartition("/")[2]]


def _refusal(status: int) -> ApiStatus:
    return ApiStatus(status, {"message": "no"}, "DELETE x")


def _prune(cluster: Any, *members: Member, dry_run: bool = False) -> list[str]:
    prune(cluster, members, dry_run=dry_run)
    return [member.action for member in members]


def test_each_is_deleted_by_uid_and_version_and_the_needed_last() -> None:
    """A dry run says so in the body too, which replaces the query."""
    cluster = _Cluster({})
    assert _prune(cluster, _member("Namespace", "n", ""), _member("Pod", "p"), dry_run=True) == [PRUNED, PRUNED]
    assert [path.rpartition("/")[2] for path, _body, _query in cluster.deleted] == ["p", "n"]
    _path, body, query = cluster.deleted[0]
    assert body["preconditions"] == {"uid": "p", "resourceVersion": "7"}
    assert (body["dryRun"], query) == (["All"], {"dryRun": "All"})
    _prune(cluster, _member())
    assert "dryRun" not in cluster.deleted[-1][1]


def test_a_failure_keeps_what_it_depends_on() -> None:
    """The namespace stays when something in it could not be deleted; what is gone already is no failure."""
    members = (_member("Pod", "p"), _member("Pod", "gone"), _member("Namespace", "n", ""))
    cluster = _Cluster({"p": _refusal(403), "gone": _refusal(404)})
    assert _prune(cluster, *members) == [FAILED, PRUNED, SKIPPED]


@pytest.mark.parametrize(("sent", "words"), [(True, "may have been deleted"), (False, "was not deleted")])
def test_a_broken_connection_tells_what_is_known(sent: bool, words: str) -> None:
    """And ends the pruning."""
    member = _member()
    assert _prune(_Cluster({"a": Unreachable("broke", sent=sent)}), member) == [FAILED]
    assert words in member.message


def test_an_object_that_changed_is_looked_at_again() -> None:
    """Still ours: deleted in its new version. Another object, or in no set any more: left alone."""
    same = {"metadata": {"uid": "a", "resourceVersion": "8", "labels": {PART_OF: _SET}}}
    cluster = _Cluster({"a": _refusal(409)}, {"a": same})
    assert _prune(cluster, _member()) == [PRUNED]
    assert cluster.deleted[-1][1]["preconditions"]["resourceVersion"] == "8"
    every: list[dict[str, Any]] = [{"uid": "b"}, {"labels": {}}, {"labels": {PART_OF: "another"}}]
    for change in every:
        now = {"metadata": {**same["metadata"], **change}}
        assert _prune(_Cluster({"a": _refusal(409)}, {"a": now}), _member()) == [UNCHANGED]

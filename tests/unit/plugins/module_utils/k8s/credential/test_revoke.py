# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revoking: who is protected, what is kept before anything is touched, and what is told."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import (
    Held,
    kubeconfig_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.revoke import revoke
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.plugins.module_utils.k8s.credential.certificates import certificate, token
from tests.unit.scripted_api import Reply, ScriptedApi, scripted

VERSION = Reply(200, {"major": "1", "minor": "20", "gitVersion": "v1.20.2"})
NONE = Reply(200, {"items": []})
ADA = {"kind": "User", "name": "ada"}
DEVS = {"kind": "Group", "name": "devs"}


def binding(name: str, *subjects: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": "u", "resourceVersion": "1", "managedFields": []}
    return {"metadata": metadata, "roleRef": {"kind": "Role", "name": "r"}, "subjects": list(subjects)}


def bindings(*raw: dict[str, Any]) -> list[Reply]:
    """What is read for a plan of a user: both kinds of bindings, requests, nodes, and two kinds of webhooks."""
    return [VERSION, NONE, Reply(200, {"items": list(raw)}), NONE, NONE, Reply(403), NONE]


def run(api: ScriptedApi, folder: Path, *, check: bool = False, **options: Any) -> dict[str, Any]:
    defaults = {"protected_namespaces": ["kube-system"], "backup_dir": str(folder / "backup"), "groups": []}
    module: Any = SimpleNamespace(params={**defaults, **options}, check_mode=check)
    return revoke(api.cluster(api_key=token(sub="admin")), module)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"user": "system:node:a"}, "user of the cluster itself"),
        ({"user": "system:serviceaccount:shop:robot"}, "name it by service_account"),
        ({"user": "admin"}, "does not lock itself out"),
        ({"service_account": "x", "namespace": "kube-system"}, "is protected"),
    ],
)
def test_who_is_protected(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with scripted(VERSION) as api, pytest.raises(K8sError, match=said):
        run(api, tmp_path, **options)


def test_the_account_of_this_run_is_protected(tmp_path: Path) -> None:
    own = "system:serviceaccount:shop:robot"
    with scripted(VERSION) as api, pytest.raises(K8sError, match="does not lock itself out"):
        run(api, tmp_path, service_account="robot", namespace="shop", impersonate_user=own)


def test_check_mode_predicts_and_writes_nothing(tmp_path: Path) -> None:
    with scripted(*bindings(binding("a", ADA), binding("b", ADA, DEVS))) as api:
        told = run(api, tmp_path, check=True, user="ada", groups=["devs"])
        assert {seen.method for seen in api.seen} == {"GET"}
    assert told["changed"]
    assert [(row["name"], row["action"]) for row in told["removed"]] == [("a", "deleted"), ("b", "subject_removed")]
    assert [row["name"] for row in told["remaining_access"]] == ["b"]
    assert "RoleBinding shop/a Role r (deleted)" in told["diff"]["before"]
    assert list(tmp_path.iterdir()) == []


def test_everything_is_kept_before_anything_is_touched(tmp_path: Path) -> None:
    with scripted(*bindings(binding("a", ADA)), Reply(500, {"message": "broken"})) as api:
        with pytest.raises(K8sError, match="broken"):
            run(api, tmp_path, user="ada")
        assert api.seen[-1].method == "DELETE"
    [backup] = (tmp_path / "backup").iterdir()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    [kept] = json.loads(backup.read_text())["items"]
    assert (kept["kind"], kept["apiVersion"], kept["subjects"]) == (
        "RoleBinding",
        "rbac.authorization.k8s.io/v1",
        [ADA],
    )
    assert kept["metadata"] == {"name": "a", "namespace": "shop"}


def test_nothing_to_take_away_changes_nothing_and_still_tells_of_certificates(tmp_path: Path) -> None:
    with scripted(*bindings()) as api:
        told = run(api, tmp_path, user="ada")
    assert not told["changed"]
    assert told["backup"] == ""
    assert "cannot revoke a client certificate" in told["warnings"][0]
    assert len(told["ca_rotation"]) == 5


@pytest.mark.parametrize(("holder", "gone"), [("ada", True), ("bob", False)])
def test_the_kubeconfig_goes_where_it_is_theirs(tmp_path: Path, holder: str, gone: bool) -> None:
    pem, key = certificate(tmp_path, f"/O=devs/CN={holder}")
    path = tmp_path / "config"
    path.write_text(kubeconfig_text(Held("https://a", certificate=pem, key=key, context="x"), holder))
    with scripted(*bindings(binding("b", DEVS))) as api:
        told = run(api, tmp_path, user="ada", path=str(path))
    assert told["changed"] is gone
    assert path.exists() is not gone
    assert bool(told["remaining_access"]) is gone
    assert [row["user"] for row in told["certificates"]] == (["ada"] if gone else [])

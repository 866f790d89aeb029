# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered, and the way back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.apply import recover
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.plan_absent import (
    StillEncrypted,
    plan_absent,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import put
from tests.unit.apiserver_home import MANIFEST, ApiServerHome

POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}


@pytest.fixture
def home(tmp_path: Path) -> ApiServerHome:
    return ApiServerHome(tmp_path)


def carried_out(home: ApiServerHome, **options: Any) -> Plan:
    """What a run does, but for the API server."""
    plan, situation = home.plan(**options), home.situation()
    situation.record.begin(situation.text, plan.text or "", plan.changes, {c.path: c.before for c in plan.files}, "1/1")
    for change in plan.files:
        put(change.path, change.after)
    put(situation.path, plan.text)
    situation.record.save(plan.changes)
    situation.record.close()
    return plan


def test_everything_comes_back_to_the_byte(home: ApiServerHome) -> None:
    for maxage in (7, 8):
        carried_out(
            home,
            flags={"audit-log-maxage": maxage, "anonymous-auth": False},
            files=[home.file("audit-policy-file", POLICY)],
            enable_admission_plugins=["AlwaysPullImages"],
            anonymous_probes="tcp",
        )
    plan = plan_absent(home.situation())
    assert plan.text == MANIFEST
    assert [(change.path, change.after) for change in plan.files] == [
        (str(home.config_dir / "audit-policy-file.yaml"), None)
    ]


def test_what_others_changed_since_stays(home: ApiServerHome) -> None:
    carried_out(home, flags={"audit-log-maxage": 7, "profiling": False})
    home.manifest.write_text(home.manifest.read_text().replace("maxage=7", "maxage=9").replace("# both", "# two"))
    plan = plan_absent(home.situation())
    assert plan.flags == {"profiling": None}
    assert "audit-log-maxage=9" in str(plan.text)
    assert "# two" in str(plan.text)
    assert "audit-log-maxage was changed by somebody else" in plan.warnings[0]


def test_a_file_of_the_users_comes_back(home: ApiServerHome, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("# mine\n")
    carried_out(home, files=[home.file("audit-policy-file", POLICY, str(path))])
    assert [(change.path, change.after) for change in plan_absent(home.situation()).files] == [(str(path), "# mine\n")]


def test_nothing_is_taken_back_where_nothing_was_done(home: ApiServerHome) -> None:
    situation = home.situation()
    assert not plan_absent(situation).needed(situation)


def test_encrypted_secrets_are_not_given_up(home: ApiServerHome) -> None:
    carried_out(home, encryption=home.encryption())
    with pytest.raises(StillEncrypted, match="identity"):
        plan_absent(home.situation())
    carried_out(home, encryption=home.encryption(provider="identity"))
    with pytest.raises(StillEncrypted):
        plan_absent(home.situation())
    carried_out(home, encryption=home.encryption(provider="identity", phase="retire"))
    assert plan_absent(home.situation()).text == MANIFEST


def test_a_run_that_was_cut_off_before_the_manifest_leaves_no_file(home: ApiServerHome) -> None:
    plan, situation = home.plan(encryption=home.encryption()), home.situation()
    [change] = plan.files
    situation.record.begin(situation.text, str(plan.text), plan.changes, {change.path: None}, "1/1")
    put(change.path, change.after)
    (home.manifest.parent / f".{home.manifest.name}.bulkhead-new").write_text("half")
    assert recover(home.options, home.situation())
    assert not os.path.exists(change.path)
    assert os.listdir(home.manifest.parent) == [home.manifest.name]
    assert not recover(home.options, home.situation())


def test_only_some_backups_are_kept(home: ApiServerHome) -> None:
    for maxage in range(4):
        carried_out(home, flags={"audit-log-maxage": maxage + 1})
    record = home.situation().record
    record.prune(2)
    assert len([name for name in os.listdir(record.folder) if name.startswith("config.")]) == 2
    assert record.original == MANIFEST

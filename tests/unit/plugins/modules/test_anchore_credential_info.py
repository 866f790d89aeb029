# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are read where they are kept, new ones are offered, and what is damaged is not taken for none."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.credentials import NAMES
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.modules.anchore_credential_info import (
    fresh_values,
    of_secret,
)
from tests.lab.ansible import run_module
from tests.unit.scripted_api import Reply, scripted


def test_a_secret_is_read_and_one_that_is_not_there_is_empty() -> None:
    secret = {"data": {"admin_password": base64.b64encode(b"kept").decode()}}
    with scripted(Reply(body=secret), Reply(status=404, body={"reason": "NotFound"}), Reply(body={})) as api:
        assert of_secret(api.cluster(), "scanning", "anchore-credentials") == {"admin_password": "kept"}
        assert of_secret(api.cluster(), "scanning", "anchore-credentials") == {}
        assert of_secret(api.cluster(), "scanning", "anchore-credentials") == {}


@pytest.mark.parametrize("data", [["x"], {"a": "%%%"}, {"a": base64.b64encode(b"\xff").decode()}, {"a": 1}])
def test_a_damaged_secret_is_not_taken_for_none(data: object) -> None:
    with scripted(Reply(body={"data": data})) as api, pytest.raises(AnchoreDeploymentError, match="restore it"):
        of_secret(api.cluster(), "scanning", "anchore-credentials")


def test_who_may_not_read_makes_no_new_secrets() -> None:
    with scripted(Reply(status=403, body={"reason": "Forbidden"})) as api, pytest.raises(K8sError, match="403"):
        of_secret(api.cluster(), "scanning", "anchore-credentials")


def test_a_file_is_read_and_new_values_are_others_each_time(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    assert run_module("anchore_credential_info", {"path": str(file)})["stored"] == {}
    file.write_text(json.dumps({"admin_password": "kept"}))
    told = run_module("anchore_credential_info", {"path": str(file)}, check=True)
    assert told["stored"] == {"admin_password": "kept"}
    assert set(told["fresh"]) == set(NAMES)
    assert told["changed"] is False
    assert not set(fresh_values().values()) & set(fresh_values().values())


@pytest.mark.parametrize("text", ['{"admin_password": "half-a-secr', "[]", '{"a": 1}', "[" * 100000])
def test_a_damaged_file_is_not_taken_for_none_nor_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(text)
    told = run_module("anchore_credential_info", {"path": str(file)})
    assert told["failed"]
    assert "does not hold what the role anchore keeps there" in told["msg"]
    assert "half-a-secr" not in json.dumps(told)


def test_it_is_told_where_to_look() -> None:
    assert "one of the following is required: name, path" in run_module("anchore_credential_info", {})["msg"]

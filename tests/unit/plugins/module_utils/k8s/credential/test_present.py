# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State present as a whole: options that do not go together, check mode, and what is shown."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import (
    Held,
    kubeconfig_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.present import present
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.plugins.module_utils.k8s.credential.certificates import certificate
from tests.unit.scripted_api import Reply, ScriptedApi, parameters, scripted

NEW = {"type": "client_certificate", "user": "ada", "groups": ["shop"], "return_content": False}


def run(api: ScriptedApi, *, check: bool = True, **options: Any) -> dict[str, Any]:
    params = parameters(**{**NEW, **options})
    module: Any = SimpleNamespace(
        params=params,
        check_mode=check,
        load_file_common_arguments=lambda given: {"path": given["path"]},
        set_fs_attributes_if_different=lambda attributes, changed: changed,
    )
    return present(api.cluster(), module)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Nobody would get the credential"),
        ({"type": "token", "return_content": True}, "type token needs service_account"),
        ({"expiration_seconds": 599, "return_content": True}, "600 and more"),
        ({"renew_before": -1, "return_content": True}, "must not be negative"),
        ({"path": "/nowhere/config"}, "there is no folder /nowhere"),
        ({"path": "/tmp/config", "kubeconfig": "/tmp/x:/tmp/config"}, "this very task uses"),
    ],
)
def test_refused_before_anything_is_asked(options: dict[str, Any], said: str) -> None:
    with scripted(Reply(500)) as api:
        with pytest.raises(K8sError, match=said):
            run(api, **options)
        assert api.seen == []


def test_check_mode_tells_what_is_known_beforehand(tmp_path: Path) -> None:
    with scripted(Reply(500)) as api:
        told = run(api, path=str(tmp_path / "config"))
        assert api.seen == []
    assert told["changed"]
    assert told["reasons"] == ["there is none"]
    assert told["credential"]["groups"] == ["shop"]
    assert "# new, because there is none" in told["diff"]["after"]


@pytest.mark.parametrize(("context", "changed"), [("ada", False), ("another", True)])
def test_a_credential_that_serves_is_kept_and_only_the_file_around_it_changes(
    tmp_path: Path, context: str, changed: bool
) -> None:
    pem, key = certificate(tmp_path, "/O=shop/CN=ada")
    path = tmp_path / "config"
    with scripted(Reply(201)) as api:
        held = Held(api.url, certificate=pem, key=key, context="ada")
        path.write_text(kubeconfig_text(held, "ada"))
        told = run(api, check=False, path=str(path), context_name=context)
    assert told["changed"] is changed
    assert told["reasons"] == []
    assert f"current-context: {context}" in path.read_text()
    assert key not in json.dumps(told)

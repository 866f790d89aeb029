# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was there before is on the disk before anything is touched."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.modules import docker_container_limits
from tests.unit.fake_engine import FakeEngine

ENGINE = {
    "/info": {"NCPU": 2},
    "/containers/json": [{"Id": "1", "Names": ["/web"], "State": "exited"}],
    "/containers/1/json": {"HostConfig": {"PidsLimit": 70}, "State": {"Status": "exited"}},
}


def test_a_run_that_is_cut_off_does_not_forget_what_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_args: Any) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(docker_container_limits, "apply", cut)
    record = tmp_path / "limits.json"
    params = {
        "containers": [{"name": "web", "pids_limit": 5}],
        "state": "present",
        "record": str(record),
        "force": False,
        "on_no_match": "fail",
    }
    module = cast(AnsibleModule, SimpleNamespace(params=params, check_mode=False))
    with pytest.raises(KeyboardInterrupt):
        docker_container_limits.run(module, FakeEngine(ENGINE))
    assert json.loads(record.read_text()) == {"1": {"pids_limit": {"before": 70, "set": 5}}}

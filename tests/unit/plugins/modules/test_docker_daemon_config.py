# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's options, documentation and results. What it does to a daemon is in tests/e2e."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.bulkhead.container_security.plugins.modules import docker_daemon_config
from tests.lab.ansible import run_module


def offline(tmp_path: Path, *, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {
        "docker_host": "unix:///nowhere/docker.sock",
        "engine_version": "27.1.2",
        "path": str(tmp_path / "etc" / "daemon.json"),
        "state_dir": str(tmp_path / "state"),
        **options,
    }
    return run_module("docker_daemon_config", arguments, check=check, diff=True)


def test_every_option_is_documented_with_its_default() -> None:
    documented = yaml.safe_load(docker_daemon_config.DOCUMENTATION)["options"]
    spec = docker_daemon_config.argument_spec()
    assert set(documented) <= set(spec)
    for name, option in documented.items():
        assert spec[name].get("default") == option.get("default"), name
        assert spec[name].get("type") == option["type"], name


def test_a_file_is_written_for_a_daemon_to_come(tmp_path: Path) -> None:
    predicted = offline(tmp_path, check=True, config={"icc": False})
    assert not (tmp_path / "etc").exists()
    result = offline(tmp_path, config={"icc": False})
    assert (predicted["changed"], result["changed"]) == (True, True)
    assert predicted["diff"] == result["diff"]
    assert json.loads((tmp_path / "etc" / "daemon.json").read_text()) == {"icc": False}
    assert not offline(tmp_path, config={"icc": False})["changed"]


def test_absent_leaves_no_file_of_ours(tmp_path: Path) -> None:
    offline(tmp_path, config={"icc": False})
    assert offline(tmp_path, state="absent")["changed"]
    assert not (tmp_path / "etc" / "daemon.json").exists()
    assert not offline(tmp_path, state="absent")["changed"]


def test_a_domain_error_is_one_sentence(tmp_path: Path) -> None:
    result = offline(tmp_path, config={"icc": "no"})
    assert (result["failed"], result["msg"]) == (
        True,
        "config: icc wants a boolean (true or false, unquoted), not the string 'no'",
    )


def test_secrets_in_config_are_kept_out_of_every_output(tmp_path: Path) -> None:
    config = {"proxies": {"http-proxy": "http://user:correct-horse@proxy.example.com"}}
    assert "correct-horse" not in json.dumps(offline(tmp_path, config=config))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a configuration that is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.config_facts import (
    config_subject,
    output_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config import falco_config


def facts(config: Any, **options: Any) -> dict[str, Any]:
    chosen: dict[str, Any] = {"version": "0.43.1", "platform": "host", "declared": None, **options}
    return config_subject(config, "/nowhere/falco.yaml", **chosen)


def test_what_is_not_set_is_what_falco_takes() -> None:
    found = facts({})
    assert (found["priority"], found["json_output"], found["config_files"]) == ("debug", False, ["/etc/falco/config.d"])
    assert found["webserver_exposed"]
    assert found["drop_actions"] == ["log", "alert"]
    assert (found["mode"], found["owner"]) == (None, None)


def test_drift_is_told_by_key() -> None:
    declared = falco_config({}, version="0.43.1", platform="host")
    assert facts(declared, declared=declared)["drift"] == []
    there = {**declared, "priority": "critical", "webserver": {**declared["webserver"], "listen_address": "0.0.0.0"}}
    del there["metrics"]
    there["program_output"] = {"enabled": True, "program": "x"}
    assert facts(there, declared=declared)["drift"] == [
        "metrics is missing",
        "priority differs",
        "program_output is not declared",
        "webserver.listen_address differs",
    ]
    assert facts(there)["drift"] is None


@pytest.mark.parametrize(("address", "exposed"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True), ("x", True)])
def test_a_webserver_is_exposed_beyond_the_loopback(address: str, exposed: bool) -> None:
    assert facts({"webserver": {"listen_address": address}})["webserver_exposed"] is exposed
    assert not facts({"webserver": {"enabled": False, "listen_address": address}})["webserver_exposed"]


@pytest.mark.parametrize(("version", "in_vain"), [("0.43.1", True), ("0.44.1", False)])
def test_outputs_that_are_buffered_all_the_same(version: str, in_vain: bool) -> None:
    config = {"buffered_outputs": False, "stdout_output": {"enabled": True}}
    assert facts(config, version=version)["unbuffered_in_vain"] is in_vain
    assert not facts({**config, "buffered_outputs": True}, version=version)["unbuffered_in_vain"]
    assert not facts({"buffered_outputs": False}, version=version)["unbuffered_in_vain"]


def test_an_output_is_what_leaves_the_host_and_no_password_of_it_is_shown() -> None:
    config = {"http_output": {"enabled": True, "url": "https://user:pass@x/", "insecure": True, "mtls": True}}
    [output] = output_subjects(config, "/etc/falco/falco.yaml")
    assert (output["tls"], output["verified"], output["client_certificate"]) == (True, False, True)
    assert "pass" not in str(output)
    assert list(output_subjects({"http_output": {"enabled": False, "url": "https://x"}}, "x")) == []
    assert facts(config)["remote_outputs"] == 1


def test_a_file_has_a_mode(tmp_path: Path) -> None:
    file = tmp_path / "falco.yaml"
    file.touch(0o600)
    file.chmod(0o666)
    assert config_subject({}, str(file), version="0.43.1", platform="host", declared=None)["mode"] == "0666"


def test_what_is_no_configuration_is_a_fault() -> None:
    assert facts(["x"])["faults"] == ["/nowhere/falco.yaml is no dictionary"]
    assert facts({"prioriti": "x"})["faults"] == ["prioriti: Falco has no such key; did you mean priority?"]
    assert facts({}, version="0.40.0")["faults"] == [
        "Falco 0.40.0 is older than 0.43, whose configuration is the oldest that is known here"
    ]

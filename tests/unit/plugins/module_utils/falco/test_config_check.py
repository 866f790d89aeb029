# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a configuration of Falco, by version, and the sentence about what is none."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import (
    FalcoError,
    config_faults,
    release_of,
)

OLD, NEW = (0, 43), (0, 44)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"config_files": ["/etc/falco/config.d", {"path": "/x", "strategy": "override"}]},
        {"append_output": [{"match": {"source": "syscall"}, "extra_fields": ["evt.hostname", {"cluster": "a"}]}]},
        {"plugins": [{"name": "json", "library_path": "libjson.so", "init_config": ""}], "load_plugins": ["json"]},
        {"rules": [{"disable": {"tag": "network"}}, {"enable": {"rule": "x"}}]},
        {"syscall_event_drops": {"threshold": 1, "rate": 0.5, "actions": ["log", "exit"]}},
        {"http_output": {"enabled": False, "url": ""}},
        {"file_output": {"enabled": True, "filename": "/var/log/falco.json"}},
        {"static_fields": {"team": "shop"}, "priority": "Informational", "metrics": {"interval": "1h30m"}},
    ],
)
def test_what_both_versions_take(config: dict[str, Any]) -> None:
    assert config_faults(config, OLD) == config_faults(config, NEW) == []


@pytest.mark.parametrize(
    ("config", "old", "new"),
    [
        ({"grpc": {"enabled": True}}, None, "grpc: Falco 0.44 has dropped it; take http_output"),
        ({"engine": {"kind": "ebpf"}}, None, "engine.kind: 'ebpf' was dropped by Falco 0.44; take modern_ebpf"),
        ({"capture": {"max_file_size_mb": 1}}, "capture.max_file_size_mb: Falco has it from 0.44 on", None),
    ],
)
def test_what_only_one_version_takes(config: dict[str, Any], old: str | None, new: str | None) -> None:
    assert config_faults(config, OLD) == ([old] if old else [])
    assert config_faults(config, NEW) == ([new] if new else [])


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ([], "the configuration: it is a dictionary, and [] is not"),
        ({"http_output": {"ulr": "x"}}, "http_output.ulr: Falco has no such key; did you mean url?"),
        ({"xyzzy": 1}, "xyzzy: Falco has no such key"),
        ({"json_output": "yes"}, "json_output: it is true or false, and 'yes' is not"),
        ({"output_timeout": True}, "output_timeout: it is a whole number, and True is not"),
        ({"rules_files": "/x"}, "rules_files: it is a list, and '/x' is not"),
        ({"rules_files": ["/x", 3]}, "rules_files[1]: it is text, and 3 is not"),
        ({"webserver": True}, "webserver: it is a dictionary, and True is not"),
        ({"plugins": [{"name": "x"}]}, "plugins[0].library_path: it is required"),
        ({"engine": {}}, "engine.kind: it is required"),
        ({"rule_matching": "frist"}, "rule_matching: 'frist' is none of all, first; did you mean first?"),
        ({"load_plugins": ["json"]}, "load_plugins: json stands in none of plugins"),
        ({"http_output": {"enabled": True, "url": "response:2801"}}, "http_output.url: it is where alerts are sent"),
        (
            {"http_output": {"enabled": True, "url": "http://x", "mtls": True, "client_cert": "a", "client_key": "b"}},
            "http_output.mtls: there are no certificates without TLS",
        ),
        ({"file_output": {"enabled": True}}, "file_output.filename: it is required where file_output is enabled"),
        ({"webserver": {"listen_port": 0}}, "webserver.listen_port: 0 is no port"),
        ({"metrics": {"interval": "soon"}}, "metrics.interval: it is a duration such as 15m"),
        ({"syscall_event_drops": {"threshold": 7}}, "syscall_event_drops.threshold: it lies between 0 and 1"),
    ],
)
def test_the_sentence_about_what_is_wrong(config: Any, fault: str) -> None:
    [found] = config_faults(config, OLD)
    assert found.startswith(fault)


def test_every_fault_is_told_at_once() -> None:
    assert len(config_faults({"a": 1, "b": 2, "priority": "x"}, OLD)) == 3


@pytest.mark.parametrize(("version", "release"), [("0.43.1", OLD), ("v0.44.0-rc1", NEW), ("1.0.0", (1, 0))])
def test_a_version_is_a_release(version: str, release: tuple[int, int]) -> None:
    assert release_of(version) == release


@pytest.mark.parametrize("version", ["newest", "0.42.1", "", "0.43.1.2.3"])
def test_what_is_no_version_or_too_old_is_refused(version: str) -> None:
    with pytest.raises(FalcoError):
        release_of(version)

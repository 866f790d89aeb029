# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The baseline of Falco's configuration, and what goes over it."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config import falco_config, merged
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError


@pytest.mark.parametrize("platform", ["host", "kubernetes"])
@pytest.mark.parametrize("version", ["0.43.1", "0.44.1"])
def test_the_baseline_is_sound_and_tells_of_drops(platform: str, version: str) -> None:
    config = falco_config({}, version=version, platform=platform)
    assert config["engine"] == {"kind": "modern_ebpf"}
    assert config["json_output"]
    assert config["outputs_queue"]["capacity"] > 0
    assert "alert" in config["syscall_event_drops"]["actions"]
    assert config["config_files"] == []
    assert {"container.id", "k8s.pod.uid"} <= set(config["append_output"][1]["extra_fields"])
    assert config["webserver"]["listen_address"] == {"host": "127.0.0.1", "kubernetes": "0.0.0.0"}[platform]
    assert "http_output" not in config


def test_a_receiver_is_proved_to_by_a_certificate_where_there_is_one() -> None:
    url = {"url": "https://response:2801/"}
    plain = falco_config({}, version="0.43.1", platform="host", http_output={**url, "client_cert": "", "ca_cert": None})
    assert plain["http_output"] == {"enabled": True, "insecure": False, "keep_alive": True, **url}
    pair = {"client_cert": "/tls.crt", "client_key": "/tls.key"}
    assert falco_config({}, version="0.43.1", platform="host", http_output={**url, **pair})["http_output"]["mtls"]
    with pytest.raises(FalcoError, match=r"http_output\.client_key: it is required with mtls"):
        falco_config({}, version="0.43.1", platform="host", http_output={**url, "client_cert": "/tls.crt"})


def test_what_is_declared_goes_over_the_baseline() -> None:
    declared = {"priority": "Warning", "webserver": {"listen_port": 9000}, "rules_files": ["/etc/falco/mine"]}
    config = falco_config(declared, version="0.43.1", platform="host")
    assert config["priority"] == "Warning"
    assert config["webserver"]["listen_port"] == 9000
    assert config["webserver"]["enabled"]
    assert config["rules_files"] == ["/etc/falco/mine"]


def test_nothing_of_the_baseline_is_changed_for_the_next() -> None:
    first = falco_config({}, version="0.43.1", platform="host")
    first["plugins"][0]["init_config"]["with_size"] = True
    first["metrics"]["enabled"] = False
    again = falco_config({}, version="0.43.1", platform="host")
    assert again["metrics"]["enabled"]
    assert not again["plugins"][0]["init_config"]["with_size"]
    assert merged({"a": {"b": 1}}, {"a": {"c": 2}, "d": [1]}) == {"a": {"b": 1, "c": 2}, "d": [1]}


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(FalcoError, match="one of host, kubernetes"):
        falco_config({}, version="0.43.1", platform="docker")
    with pytest.raises(FalcoError, match="a dictionary of keys"):
        falco_config([], version="0.43.1", platform="host")
    with pytest.raises(FalcoError, match=r"prioritty: .*priority\?; nonsense: "):
        falco_config({"prioritty": "debug", "nonsense": 1}, version="0.43.1", platform="host")

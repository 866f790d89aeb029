# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of the right type pass, what can be read one way only is converted, and the rest is refused by its place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.values import (
    ValueProblem,
    typed_config,
    wrong_on_disk,
)

NEW = (29, 7, 2)


@pytest.mark.parametrize(
    ("config", "typed"),
    [
        ({"icc": False}, {"icc": False}),
        ({"mtu": "1400"}, {"mtu": 1400}),
        ({"log-opts": {"max-file": 3, "compress": True}}, {"log-opts": {"max-file": "3", "compress": "true"}}),
        ({"log-opts": None}, {"log-opts": None}),
        ({"log-opts": {"max-file": None}}, {"log-opts": {"max-file": None}}),
        ({"default-shm-size": "64M"}, {"default-shm-size": "64M"}),
        ({"default-shm-size": 67108864}, {"default-shm-size": 67108864}),
        (
            {"default-ulimits": {"nofile": {"Soft": "64", "Hard": -1}}},
            {"default-ulimits": {"nofile": {"Soft": 64, "Hard": -1, "Name": "nofile"}}},
        ),
        ({"dns": ["10.0.0.1", "fd00::1"]}, {"dns": ["10.0.0.1", "fd00::1"]}),
        ({"labels": ["a=b"]}, {"labels": ["a=b"]}),
        (
            {"default-address-pools": [{"base": "10.0.0.0/8", "size": "24"}]},
            {"default-address-pools": [{"base": "10.0.0.0/8", "size": 24}]},
        ),
        ({"builder": {"gc": {"enabled": True}}}, {"builder": {"gc": {"enabled": True}}}),
        ({"default-network-opts": {"bridge": {"x": 1}}}, {"default-network-opts": {"bridge": {"x": "1"}}}),
        ({"seccomp-profile": ""}, {"seccomp-profile": ""}),
    ],
)
def test_values_of_the_right_type(config: dict[str, Any], typed: dict[str, Any]) -> None:
    assert typed_config(config, NEW) == typed


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"icc": "false"}, "icc wants a boolean (true or false, unquoted), not the string 'false'"),
        ({"icc": 0}, "icc wants a boolean (true or false, unquoted), not the number 0"),
        ({"mtu": 1.5}, "mtu wants a whole number, not the number 1.5"),
        ({"mtu": True}, "mtu wants a whole number, not the boolean True"),
        ({"mtu": -1}, "mtu wants a number from 0 up"),
        ({"labels": "a=b"}, "labels wants a list, not the string 'a=b'"),
        ({"mtu": 10**30}, "mtu wants a number of 64 bits, not the number of 31 characters"),
        ({"mtu": "9" * 5000}, "mtu wants a whole number, not the string of 5000 characters"),
        ({"labels": ["alone"]}, "labels wants labels of the form name=value, not the string 'alone'"),
        ({"labels": [None]}, "labels[0] wants a string, not null"),
        ({"dns": ["10.0.0.1", "resolver"]}, "dns[1] wants an IP address, not the string 'resolver'"),
        ({"log-opts": {"tag": ["x"]}}, "log-opts.tag wants a string, not a list"),
        ({"log-level": "trace"}, "log-level wants one of debug, info, warn, error, fatal"),
        ({"default-shm-size": "lots"}, 'default-shm-size wants a size, as 67108864 or "64M"'),
        ({"default-ulimits": {"nofile": 1024}}, "default-ulimits.nofile wants a map, not the number 1024"),
        ({"default-ulimits": {"nofile": {"soft": 1}}}, "default-ulimits.nofile.soft is unknown"),
        ({"default-ulimits": {"nofile": {"Soft": 9, "Hard": 5}}}, "Soft (9) is above Hard (5)"),
        ({"default-ulimits": {"nofile": {"Name": "core"}}}, "Name is 'core'; it must be 'nofile'"),
        ({"runtimes": {"crun": {"binary": "/x"}}}, "runtimes.crun.binary is unknown"),
        ({"default-address-pools": [{"base": "10.0.0.0/8"}]}, "default-address-pools[0] wants a map of base and size"),
        ({"default-address-pools": [{"base": "10.0.0.0/24", "size": 16}]}, "does not fit into 10.0.0.0/24"),
        ({"proxies": {"ftp-proxy": "x"}}, "proxies.ftp-proxy is unknown"),
        ({"features": {"cdi": "yes"}}, "features.cdi wants a boolean"),
        ({"userns-remap": {"token": "x"}}, "userns-remap wants a string, not a map"),
        ({"one": 1, "two": 2, "icc": 1}, "one is not an option of dockerd 29.7.2; two is not an option"),
    ],
)
def test_values_of_the_wrong_type(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueProblem) as refused:
        typed_config(config, NEW)
    assert says in str(refused.value)


def test_a_long_string_in_the_wrong_place_may_be_a_secret() -> None:
    with pytest.raises(ValueProblem) as refused:
        typed_config({"icc": "correct-horse-battery-staple"}, NEW)
    assert "correct" not in str(refused.value)


def test_what_is_wrong_on_disk() -> None:
    assert wrong_on_disk({"icc": False, "mtu": 1400, "log-opts": {"max-file": "3"}}, NEW) == []
    problems = wrong_on_disk({"mtu": "1400", "graph": "/x", "icc": "no", "debug": None}, NEW)
    assert len(problems) == 3, "what is converted in a declaration is wrong in the file itself"
    assert "mtu has a value of the wrong type" in problems[0]

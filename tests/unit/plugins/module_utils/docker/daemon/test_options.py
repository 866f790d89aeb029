# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys by release, and command lines read as dockerd reads them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import (
    default_of,
    key_problem,
    parse_argv,
    parse_version,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

BOOKWORM = (20, 10, 24)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("20.10.24+dfsg1", (20, 10, 24)),
        ("v29.0.0-rc.1", (29, 0, 0)),
        ("18.09.9-ce", (18, 9, 9)),
        ("27.1", (27, 1)),
    ],
)
def test_versions(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


def test_a_version_without_numbers_is_asked_for() -> None:
    with pytest.raises(DockerError, match="engine_version"):
        parse_version("library-import")


@pytest.mark.parametrize(
    ("key", "version", "says"),
    [
        ("icc", BOOKWORM, None),
        ("builder", BOOKWORM, None),
        ("containerd-namespace", BOOKWORM, None),
        ("proxies", BOOKWORM, "needs Docker 23.0"),
        ("proxies", (23, 0, 0), None),
        ("log-format", (24, 0, 9), "needs Docker 25.0"),
        ("host-gateway-ips", (27, 5, 1), "needs Docker 28.0"),
        ("default-stop-timeout", (29, 6, 2), "needs Docker 29.7"),
        ("max-download-attempts", (19, 3, 15), "needs Docker 20.10"),
        ("cluster-store", BOOKWORM, None),
        ("cluster-store", (23, 0, 0), "was retired in Docker 23.0"),
        ("graph", (24, 0, 0), "write data-root"),
        ("oom-score-adjust", (25, 0, 7), None),
        ("oom-score-adjust", (26, 0, 0), "OOMScoreAdjust="),
        ("api-cors-header", (28, 0, 4), "was retired in Docker 28.0"),
        ("allow-nondistributable-artifacts", (28, 1, 1), "was retired in Docker 28.0"),
        ("label", BOOKWORM, "write labels"),
        ("insecure-registry", BOOKWORM, "write insecure-registries"),
        ("live_restore", BOOKWORM, "write live-restore"),
        ("http-proxy", (24, 0, 0), "write it under proxies"),
        ("config-file", BOOKWORM, "from the command line only"),
        ("containerd-plugins-namespace", BOOKWORM, "from the command line only"),
        ("Live-Restore", BOOKWORM, "is not an option of dockerd 20.10.24; did you mean live-restore?"),
        ("log-optz", BOOKWORM, "did you mean log-opts?"),
        ("x-foreign", BOOKWORM, "is not an option of dockerd 20.10.24"),
        ("swarm-raft-election-tick", BOOKWORM, "is not an option of dockerd 20.10.24"),
    ],
)
def test_keys_by_release(key: str, version: tuple[int, ...], says: str | None) -> None:
    problem = key_problem(key, version)
    assert problem is None if says is None else says in str(problem)


def test_a_default_that_a_release_changed() -> None:
    assert default_of("ip6tables", BOOKWORM) is False
    assert default_of("ip6tables", (27, 0, 3)) is True
    assert default_of("no-such-key", BOOKWORM) is None


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["--icc=false"], {"icc": False}),
        (["--icc=0"], {"icc": False}),
        (["--icc"], {"icc": True}),
        (["--icc", "false"], {"icc": True}),
        (["--mtu=1400"], {"mtu": 1400}),
        (["--mtu", "1400"], {"mtu": 1400}),
        (["--log-driver", "syslog", "--log-driver=local"], {"log-driver": "local"}),
        (["--label", "a=b", "--label=c=d"], {"labels": ["a=b", "c=d"]}),
        (["-H", "fd://", "-Htcp://:2376", "-H=unix:///s"], {"hosts": ["fd://", "tcp://:2376", "unix:///s"]}),
        (["-D"], {"debug": True}),
        (["-D=false"], {"debug": False}),
        (["-DH", "fd://"], {"debug": True, "hosts": ["fd://"]}),
        (["-g", "/data", "-sbtrfs", "-ldebug"], {"graph": "/data", "storage-driver": "btrfs", "log-level": "debug"}),
        (["-b", "none", "-G", "staff", "-p", "/p"], {"bridge": "none", "group": "staff", "pidfile": "/p"}),
        (["--log-opt", "max-size=1m", "--log-opt=tag=a=b"], {"log-opts": {"max-size": "1m", "tag": "a=b"}}),
        (
            ["--default-ulimit", "nofile=10:20", "--default-ulimit=core=-1"],
            {
                "default-ulimits": {
                    "nofile": {"Name": "nofile", "Soft": 10, "Hard": 20},
                    "core": {"Name": "core", "Soft": -1, "Hard": -1},
                }
            },
        ),
        (["--add-runtime", "crun=/bin/crun"], {"runtimes": {"crun": {"path": "/bin/crun"}}}),
        (
            ["--default-address-pool", "base=10.0.0.0/8,size=24"],
            {"default-address-pools": [{"base": "10.0.0.0/8", "size": 24}]},
        ),
        (["--http-proxy=http://p", "--no-proxy", "a,b"], {"proxies": {"http-proxy": "http://p", "no-proxy": "a,b"}}),
        (["--feature", "cdi", "--feature=x=false"], {"features": {"cdi": True, "x": False}}),
        (
            ["--default-network-opt=bridge=com.example.mtu=1=2"],
            {"default-network-opts": {"bridge": {"com.example.mtu": "1=2"}}},
        ),
        (["--host-gateway-ip", "10.0.0.1"], {"host-gateway-ip": "10.0.0.1"}),
        (["--tlsverify"], {"tlsverify": True}),
        (["--bridge="], {"bridge": ""}),
    ],
)
def test_command_lines(words: list[str], values: dict[str, Any]) -> None:
    settings = parse_argv(["dockerd", *words])
    assert settings.values == values


@pytest.mark.parametrize("words", [["--config-file", "/c.json"], ["--config-file=/c.json"]])
def test_the_configuration_file_is_no_option(words: list[str]) -> None:
    settings = parse_argv(["dockerd", *words, "--validate"])
    assert (settings.config_file, settings.values, settings.flag_only) == ("/c.json", {}, {"validate": True})


def test_what_is_no_flag_is_told() -> None:
    settings = parse_argv(["dockerd", "--no-such=1", "stray", "-Z", "--", "-D"])
    assert settings.unknown == ("--no-such=1", "stray", "-Z", "-D")
    assert parse_argv([]).values == {}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Components of the control plane among Pods, however their command is written."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.pods import component_argvs

STATIC: dict[str, Any] = {"annotations": {"kubernetes.io/config.mirror": "x"}, "labels": {"component": "etcd"}}
LABELLED: dict[str, Any] = {"labels": {"component": "kube-scheduler", "tier": "control-plane"}}


def argvs(metadata: dict[str, Any], *containers: dict[str, Any]) -> list[tuple[str, ...]]:
    return component_argvs(metadata, {"containers": list(containers)})


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["kube-apiserver", "--v=2"], ("kube-apiserver", "--v=2")),
        (["/usr/local/bin/kube-apiserver", "--v", "2"], ("kube-apiserver", "--v", "2")),
        (["/hyperkube", "kube-scheduler", "--v=2"], ("kube-scheduler", "--v=2")),
        (["/go-runner", "--log-file=/l", "/bin/etcd", "--name=a"], ("etcd", "--name=a")),
        (["/bin/sh", "-c", "exec kube-apiserver --v=2 --x='a b' 1>>/log 2>&1"], ("kube-apiserver", "--v=2", "--x=a b")),
        (["bash", "-ec", "set -x\nGOGC=50 etcd \\\n --name=a || exit 1"], ("etcd", "--name=a")),
        (["sh", "-c", "mkdir -p /d && /usr/bin/etcd --name=a"], ("etcd", "--name=a")),
    ],
)
def test_a_command_tells_the_program(command: list[str], expected: tuple[str, ...]) -> None:
    assert argvs({}, {"command": command}) == [expected]


@pytest.mark.parametrize(
    "container",
    [
        {"name": "etcd", "command": ["/backup.sh", "--data-dir=/var/lib/etcd"]},
        {"name": "backup", "command": ["etcdctl", "--name", "etcd"]},
        {"name": "backup", "command": ["sh", "-c", "tar c /var/lib/etcd; echo --x"]},
        {"name": "backup", "command": ["sh", "-c", "echo 'not closed"]},
        {"name": "etcd", "command": None, "args": None},
    ],
)
def test_what_only_sounds_like_a_component_is_none(container: dict[str, Any]) -> None:
    assert argvs({}, container) == []


@pytest.mark.parametrize("metadata", [STATIC, LABELLED])
def test_a_containers_name_tells_what_flags_alone_do_not(metadata: dict[str, Any]) -> None:
    container = {"name": "kube-scheduler", "args": ["--profiling=false"]}
    assert argvs(metadata, {"name": "proxy", "args": ["--v=2"]}, container) == [("kube-scheduler", "--profiling=false")]


def test_the_label_tells_what_the_only_container_is() -> None:
    container = {"name": "main", "command": ["/start"], "args": ["--name=a"]}
    assert argvs(STATIC, container) == [("etcd", "--name=a")]
    assert argvs(STATIC, container, {"name": "other", "args": ["--v=2"]}) == []


def test_a_script_that_names_neither_program_nor_flags_is_not_judged_by_defaults() -> None:
    assert argvs(STATIC, {"name": "etcd", "command": ["sh", "-c", "/start"]}) == []

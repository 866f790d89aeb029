# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nothing may be done."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_response.alert import Target
from bulkhead_response.config import read
from bulkhead_response.protection import Protection


def _protection(**config: Any) -> Protection:
    return Protection(read({"own_namespace": "bulkhead-response", **config}))


@pytest.mark.parametrize("namespace", ["kube-system", "kube-public", "kube-node-lease", "bulkhead-response", "payment"])
def test_the_protected_stay_so_even_where_all_is_allowed(namespace: str) -> None:
    protection = _protection(allowed_namespaces=["*", namespace], protected_namespaces=["pay*"])
    assert protection.against(Target(namespace=namespace), ["delete_pod"]) == f"the namespace {namespace} is protected"


def test_only_what_is_allowed_is_allowed() -> None:
    protection = _protection(allowed_namespaces=["shop", "team-*"])
    assert protection.against(Target(namespace="shop"), ["delete_pod"]) is None
    assert protection.against(Target(namespace="team-a"), ["delete_pod"]) is None
    assert protection.against(Target(namespace="shops"), ["delete_pod"]) is not None
    assert _protection().against(Target(namespace="shop"), ["delete_pod"]) is not None


def test_without_a_namespace_only_containers_of_a_docker_host_are_touched() -> None:
    docker = _protection(docker={"socket": "/run/docker.sock"}, allowed_namespaces=["*"])
    container = Target(container_id="0" * 12)
    assert docker.against(container, ["stop_container"]) is None
    assert docker.against(container, ["stop_container", "cordon_node"]) is not None
    assert docker.against(Target(), ["stop_container"]) is not None
    assert _protection(allowed_namespaces=["*"]).against(container, ["stop_container"]) is not None


def test_images_are_protected_and_what_is_not_known_too() -> None:
    protection = _protection(protected_images=["registry.example.com/payment/*", "vault"])
    assert protection.against_images(["nginx:1"]) is None
    assert protection.against_images(["nginx", "docker.io/library/vault:1.2"]) is not None
    assert protection.against_images(["registry.example.com/payment/api@sha256:0"]) is not None
    assert protection.against_images([]) == "the image is not known, and there are protected images"
    assert _protection().against_images([]) is None

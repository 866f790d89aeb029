# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter falco_objects says what a deployment lacks."""

from __future__ import annotations

import kubernetes_validate
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.falco_config import falco_config
from ansible_collections.bulkhead.container_security.plugins.filter.falco_objects import falco_objects


@pytest.mark.parametrize(("deployment", "says"), [([], "config, image, capabilities"), ({"config": {}}, "image")])
def test_what_is_missing_is_told(deployment: object, says: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"falco_objects: the deployment is a dictionary with {says}"):
        falco_objects(deployment)


def test_a_receiver_that_cannot_be_reached_is_told() -> None:
    server = {"enabled": True, "listen_port": 8765, "k8s_healthz_endpoint": "/healthz"}
    config = {"webserver": server, "http_output": {"enabled": True, "url": "https://:1/"}}
    deployment = {"config": config, "image": "x", "capabilities": [], "container_sockets": []}
    with pytest.raises(AnsibleFilterError, match="is no URL"):
        falco_objects(deployment)


@pytest.mark.parametrize("minor", [25, 36])
def test_api_servers_old_and_new_take_the_objects(minor: int) -> None:
    sidekick = {"image": "s:1", "config": {}, "replicas": 2, "resources": {}, "egress": [], "tls_secret": "certs"}
    objects = falco_objects(
        {
            "config": falco_config({}, platform="kubernetes", http_output={"url": "https://192.0.2.1/"}),
            "image": "docker.io/falcosecurity/falco:0.43.1",
            "capabilities": ["BPF"],
            "container_sockets": ["/run/docker.sock"],
            "tolerations": [{"operator": "Exists"}],
            "node_selector": {"kubernetes.io/os": "linux"},
            "image_pull_secrets": ["pull"],
            "sidekick": sidekick,
        }
    )
    assert len(objects) >= 10
    for one in objects:
        kubernetes_validate.validate(one, f"1.{minor}", strict=True)

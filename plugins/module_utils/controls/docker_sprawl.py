# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of what a host has without use, and of what its users may pull."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import cis

SPRAWL_CONTROLS: tuple[Control, ...] = (
    Control(
        id="docker.host.content_trust",
        title="Whoever pulls images on the host takes signed ones only",
        scope="host",
        severity="medium",
        actual="content_trust",
        expected={"equals": True},
        evidence="{set: content_trust_set}",
        remediation="Put DOCKER_CONTENT_TRUST=1 into /etc/environment, so that every login has it.",
        references=cis("4.5", "4.5"),
    ),
    Control(
        id="docker.host.swarm_use",
        title="Swarm mode is off where it serves nobody",
        scope="host",
        severity="medium",
        actual="swarm_use",
        expected={"in": ["off", "used"]},
        remediation=(
            "Leave the swarm (docker swarm leave --force): it holds ports open, and keys that nobody looks after."
        ),
        references=cis("5.1", "5.1"),
    ),
    Control(
        id="docker.host.image_sprawl",
        title="Images that nothing uses do not pile up",
        scope="host",
        severity="low",
        actual="unused_images",
        expected={"at_most": 20},
        evidence="{images: images, dangling: dangling_images}",
        remediation="Remove images that no container uses (docker image prune --all), by a timer.",
        references=cis("6.1", "6.1"),
    ),
    Control(
        id="docker.host.container_sprawl",
        title="Containers that do not run do not pile up",
        scope="host",
        severity="low",
        actual="stopped_containers",
        expected={"at_most": 20},
        evidence="{containers: containers}",
        remediation="Remove containers that ended (docker container prune), or run jobs with --rm.",
        references=cis("6.2", "6.2"),
    ),
    Control(
        id="docker.host.volume_sprawl",
        title="Volumes that no container mounts do not pile up",
        scope="host",
        severity="info",
        actual="unused_volumes",
        expected={"at_most": 20},
        remediation="Look at what unused volumes hold, keep what matters, and remove the rest (docker volume prune).",
    ),
)

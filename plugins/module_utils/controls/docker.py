# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every control of docker_audit, in the order of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_container_limits import (
    LIMIT_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_container_privileges import (
    PRIVILEGE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_container_sharing import (
    SHARING_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_daemon import DAEMON_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_files import FILE_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_host import HOST_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_images import (
    IMAGE_CONTROLS,
    SETUID_FILES,
    SETUID_FILES_MANUAL,
    TRUSTED_SOURCE_MANUAL,
    trusted_source,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_networks import (
    NETWORK_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_sprawl import SPRAWL_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_swarm import SWARM_CONTROLS

DOCKER_SCOPES = ("host", "daemon", "file", "image", "container", "network", "swarm", "service")

CONTAINER_CONTROLS: tuple[Control, ...] = PRIVILEGE_CONTROLS + SHARING_CONTROLS + LIMIT_CONTROLS

DOCKER_CONTROLS: tuple[Control, ...] = (
    *HOST_CONTROLS,
    *DAEMON_CONTROLS,
    *FILE_CONTROLS,
    *IMAGE_CONTROLS,
    *CONTAINER_CONTROLS,
    *SPRAWL_CONTROLS,
    *NETWORK_CONTROLS,
    *SWARM_CONTROLS,
)


def as_configured(
    controls: Iterable[Control], *, allowed_registries: Sequence[str], list_setuid: bool
) -> list[Control]:
    """The controls, with a manual one wherever nobody has given the means to judge. Raises ControlError."""
    trusted = trusted_source(allowed_registries) if allowed_registries else TRUSTED_SOURCE_MANUAL
    setuid = SETUID_FILES if list_setuid else SETUID_FILES_MANUAL
    chosen = {trusted.id: trusted, setuid.id: setuid}
    return [chosen.get(control.id, control) for control in controls]

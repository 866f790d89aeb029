# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every control of nats_audit, in the order of a report."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.nats_configuration import (
    CONFIGURATION_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.nats_jetstream import (
    JETSTREAM_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.nats_server import (
    ENTRANCE_CONTROLS,
    LIMIT_CONTROLS,
)

NATS_SCOPES = ("server", "account", "stream", "consumer", "configuration", "user")

NATS_CONTROLS: tuple[Control, ...] = (
    *ENTRANCE_CONTROLS,
    *LIMIT_CONTROLS,
    *JETSTREAM_CONTROLS,
    *CONFIGURATION_CONTROLS,
)

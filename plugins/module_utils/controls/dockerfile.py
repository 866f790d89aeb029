# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every control of dockerfile_audit, in the order of a report."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.dockerfile_file import (
    CONTEXT_CONTROLS,
    FILE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.dockerfile_instructions import (
    COPY_CONTROLS,
    INSTRUCTION_CONTROLS,
    VARIABLE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.dockerfile_run import RUN_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.dockerfile_stage import (
    STAGE_CONTROLS,
)

DOCKERFILE_SCOPES = ("file", "stage", "run", "copy", "variable", "instruction", "context")

DOCKERFILE_CONTROLS: tuple[Control, ...] = (
    *FILE_CONTROLS,
    *STAGE_CONTROLS,
    *RUN_CONTROLS,
    *COPY_CONTROLS,
    *VARIABLE_CONTROLS,
    *INSTRUCTION_CONTROLS,
    *CONTEXT_CONTROLS,
)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One part that fails does not take the others with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import (
    ForensicsError,
    LittleSpace,
    PartSkipped,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.parts import take_parts


def raising(exc: Exception) -> Callable[[], str]:
    def take() -> str:
        raise exc

    return take


def test_every_part_has_its_outcome() -> None:
    rows = take_parts(
        [
            ("whole", lambda: ""),
            ("some", lambda: "half of it"),
            ("none", raising(PartSkipped("it is not there"))),
            ("broken", raising(DockerError("the engine is gone"))),
            ("full", raising(LittleSpace("too little space"))),
            ("odd", raising(ValueError())),
        ]
    )
    assert [(row["status"], row["reason"]) for row in rows] == [
        ("taken", ""),
        ("partial", "half of it"),
        ("skipped", "it is not there"),
        ("error", "the engine is gone"),
        ("error", "too little space"),
        ("error", "ValueError"),
    ]


def test_what_cannot_be_stored_ends_the_set() -> None:
    with pytest.raises(ForensicsError, match="disk"):
        take_parts([("a", raising(ForensicsError("the disk is full")))])

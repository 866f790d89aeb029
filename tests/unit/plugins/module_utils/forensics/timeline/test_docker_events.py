# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of an engine."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.docker_events import (
    event_of,
)

UID = "0b2c4f6e-8a0c-4e2f-9b1d-3c5e7f9a1b2d"


def docker(action: str, **changes: Any) -> dict[str, Any]:
    attributes = {"name": "web", "image": "shop/web", "io.kubernetes.pod.uid": UID}
    return {
        "Type": "container",
        "Action": action,
        "Actor": {"ID": "d" * 64, "Attributes": attributes},
        "time": 1,
        **changes,
    }


@pytest.mark.parametrize(
    ("action", "severity"), [("oom", "error"), ("exec_start: sh", "warning"), ("die", "notice"), ("start", "info")]
)
def test_events_of_an_engine(action: str, severity: str) -> None:
    event = event_of(docker(action, timeNano=5), "docker")
    assert (event.severity, event.time) == (severity, 5)
    assert (event.about.container_id, event.about.pod_uid) == ("d" * 12, UID)


def test_the_command_of_an_exec_is_shown_without_its_secret() -> None:
    event = event_of(docker("exec_create: sh -c DB_PASSWORD=hunter2hunter2 run"), "docker")
    assert event.kind == "container exec_create"
    assert "hunter2" not in str(event)
    assert event.time == moment.SECOND

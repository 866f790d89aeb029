# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts of Falco and of falcosidekick."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.falco_alerts import (
    event_of,
)

TIME = "2026-01-31T12:00:01.123456789Z"


def falco(**changes: Any) -> dict[str, Any]:
    fields = {
        "container.id": "d32fcde12eff",
        "container.image.repository": "shop/web",
        "container.image.tag": "1.2",
        "k8s.ns.name": "shop",
        "k8s.pod.name": "web-1",
        "proc.cmdline": "curl --token hunter2hunter2",
        "user.name": "root",
    }
    alert = {"rule": "Shell", "priority": "Notice", "output": "A shell", "time": TIME, "output_fields": fields}
    return {**alert, "hostname": "node-1", "tags": ["a", "b"], **changes}


def test_an_alert_of_falco() -> None:
    event = event_of(falco(), "falco")
    assert (event.summary, event.severity, event.actor) == ("Shell", "notice", "root")
    assert event.time == moment.parse(TIME)
    assert (event.about.pod, event.about.image, event.about.node) == ("web-1", "shop/web:1.2", "node-1")
    assert "hunter2" not in str(event)


def test_the_same_alert_has_the_same_key_and_falcosidekicks_uuid_is_one() -> None:
    first, again = event_of(falco(), "a"), event_of(falco(), "b")
    assert first.key == again.key != event_of(falco(output="Another"), "a").key
    assert event_of(falco(uuid="u-1"), "a").key == "u-1"


def test_an_alert_of_the_host_is_of_no_container() -> None:
    event = event_of(falco(output_fields={"container.id": "host", "k8s.pod.name": "<NA>"}), "falco")
    assert event.about.as_dict() == {"node": "node-1"}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a running Falco, and of one that is unwell, silent, or something else."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.web import Web, falco_subject
from tests.unit.falco_stand_in import FalcoStandIn, serving


def read(falco: FalcoStandIn) -> dict[str, Any]:
    with serving(falco) as url:
        return falco_subject(Web(url + "/", ca_path=None, validate_certs=True, timeout=10), "/healthz")


def test_a_running_falco_tells_what_it_is_and_what_it_dropped() -> None:
    facts = read(FalcoStandIn(drops=5000, queue_drops=2, rules={"a.yaml": "ab"}))
    assert facts["unknown"] == {}
    assert (facts["healthy"], facts["metrics"], facts["version"]) == (True, True, "0.43.1")
    assert (facts["events"], facts["drops"], facts["drops_percent"], facts["queue_drops"]) == (1_000_000, 5000, 0.5, 2)
    assert facts["engines"] == {"syscall": "modern_bpf"}
    assert facts["loaded_rules"] == {"a.yaml": "ab"}
    assert facts["plugins"] == {"container": "0.6.1"}


def test_one_without_metrics_says_why_nothing_is_known() -> None:
    facts = read(FalcoStandIn(metrics=False))
    assert facts["healthy"]
    assert not facts["metrics"]
    assert "/metrics does not answer" in facts["unknown"]["drops_percent"]


def test_one_that_is_unwell_and_one_that_is_not_there() -> None:
    assert not read(FalcoStandIn(status="starting"))["healthy"]
    nobody = falco_subject(Web("http://127.0.0.1:1", ca_path=None, validate_certs=True, timeout=2), "/healthz")
    assert not nobody["healthy"]
    assert "does not answer" in nobody["health"]
    assert set(nobody["unknown"]) >= {"version", "drops"}


def test_something_else_that_answers_is_not_taken_for_falco() -> None:
    class Other(FalcoStandIn):
        def answer(self, path: str) -> str | None:
            return "<html>hello</html>"

    facts = read(Other())
    assert not facts["healthy"]
    assert "not as Falco does" in facts["unknown"]["version"]
    assert "no metrics of Falco" in facts["unknown"]["drops"]

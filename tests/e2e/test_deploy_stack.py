# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy_stack.yml on a real cluster, end to end: an alert goes in over HTTPS as Falco sends it, and a real pod dies.

Falco itself cannot run here: the test sends its exact JSON, with the certificate that the playbook made for Falco.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import fresh_namespace
from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes
from tests.lab.response.hook import Hook, hook
from tests.lab.response.stack import ENGINE, Stack, prepare, wait


@pytest.fixture
def stack(k8s_full: Kubernetes, tmp_path: Path) -> Iterator[tuple[Stack, Hook]]:
    prepare(k8s_full)
    with fresh_namespace(k8s_full) as shop, hook() as told:
        made = Stack(k8s_full, tmp_path, shop, told.url)
        made.fix_the_port_of_nats()
        yield made, told
        made.run(stack_state="absent")


def test_an_alert_goes_in_and_a_pod_dies_and_then_all_is_taken_away(stack: tuple[Stack, Hook]) -> None:
    deployed, told = stack
    first = deployed.run()
    assert any(name.startswith("response_engine :") for name in first.changed)
    assert deployed.run().changed == []

    deployed.deploy_victims()
    victim = deployed.victim()
    alert = deployed.alert(victim)
    assert deployed.send(alert, as_falco=False) in (0, 401, 403)
    assert deployed.send(alert) == 200
    deployed.wait_for_another_victim(than=victim)
    wait("webhook", lambda: bool(told.told))
    decision = deployed.last_decision()
    assert decision["status"] == "acted"
    assert decision["response_rule"] == "shell"
    assert decision["target"]["pod"] == victim["metadata"]["name"]
    assert [step["status"] for step in decision["steps"]] == ["done", "done", "done"]
    assert json.dumps(told.told[0]).count(victim["metadata"]["name"])

    verified = run_module("container_evidence", {"folder": str(deployed.evidence), "state": "verified"})
    assert not verified.get("failed"), verified

    gone = deployed.run(stack_state="absent")
    assert gone.changed
    wait(
        "end of the namespaces",
        lambda: not deployed.cluster.kubectl("get", "ns", ENGINE, "nats", "--ignore-not-found"),
    )
    assert deployed.victim()
    assert (deployed.pki / "nats" / "clients" / "forwarder" / "user.nk").exists()

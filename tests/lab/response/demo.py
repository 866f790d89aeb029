# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The finale: a shell opens in a container, the alert goes in, the pod goes, a webhook hears, evidence is kept."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_module
from tests.lab.demo_acts import expect
from tests.lab.kubernetes.cluster import Kubernetes
from tests.lab.progress import heading, say, step
from tests.lab.response.hook import Hook, hook
from tests.lab.response.stack import Stack, prepare, wait

SHOP = "shop"


@dataclass(frozen=True)
class Stage:
    """The stack on its cluster, the receiver of webhooks, and whether to show what Ansible prints."""

    stack: Stack
    hook: Hook
    verbose: bool

    def deploy(self, **more: Any) -> PlaybookResult:
        """Run deploy_stack.yml to its end."""
        text = "ansible-playbook bulkhead.container_security.deploy_stack"
        with contextlib.nullcontext() if self.verbose else step(text):
            return self.stack.run(echo=self.verbose, **more).check()


def deploy(stage: Stage) -> None:
    """NATS, its streams and the response engine, twice."""
    changed = stage.deploy().changed
    say(f"Changed: {'; '.join(changed)}.")
    again = stage.deploy().changed
    expect(not again, f"the second run changed something: {again}")
    say("The second run changed nothing.")


def answer(stage: Stage) -> None:
    """An alert as Falco sends it, and what comes of it."""
    stage.stack.deploy_victims()
    victim = stage.stack.victim()
    name, uid = victim["metadata"]["name"], victim["metadata"]["uid"]
    say(f"Somebody opens a shell in {SHOP}/{name}. Falco cannot run here: its exact JSON is sent with its certificate.")
    began = time.monotonic()
    expect(stage.stack.send(stage.stack.alert(victim)) == 200, "the alert was not taken")
    wait("end of the pod", lambda: uid not in _uids(stage))
    say(f"{(time.monotonic() - began) * 1000:.0f} ms later the pod has been deleted.")
    stage.stack.wait_for_another_victim(than=victim)
    say("Its Deployment has made another one. What was recorded, and what the webhook heard:")
    wait("webhook", lambda: bool(stage.hook.told))
    decision = stage.stack.last_decision()
    for done in decision["steps"]:
        print(f"    {done['status']:<8}{done['step']:<18}{done['message'][:90]}")
    expect(name in json.dumps(stage.hook.told), "the webhook was not told of the pod")
    verified = run_module("container_evidence", {"folder": str(stage.stack.evidence), "state": "verified"})
    expect(not verified.get("failed"), f"the evidence is not sealed: {verified.get('msg')}")
    say("The evidence that was taken before is sealed: every hash of its manifest was computed anew, and agrees.")


def _uids(stage: Stage) -> set[str]:
    pods = stage.stack.get("pods", "-n", SHOP)["items"]
    return {pod["metadata"]["uid"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}


def refuse(stage: Stage) -> None:
    """What must not happen, and does not."""
    stack = stage.stack
    victim = stack.victim()
    forged = stack.send(stack.alert(victim), as_falco=False)
    expect(forged in (0, 401, 403), f"an alert without a certificate was taken: {forged}")
    say("An alert without a certificate of Falco: the connection is refused.")

    before = stack.last_decision("*")
    other = stack.alert(victim)
    other["output_fields"]["container.id"] = "0123456789ab"
    expect(stack.send(other) == 200, "the alert was not taken")
    wait("record", lambda: stack.last_decision("*")["alert"] != before["alert"])
    spared = stack.last_decision("*")
    expect(spared["status"] != "acted", f"another pod was acted upon: {spared}")
    expect(victim["metadata"]["uid"] in _uids(stage), "a pod of the same name and another container was deleted")
    say(f"An alert of a container that is gone, in a pod of the same name: {spared['status']}, {spared['reason']}.")

    system = stack.alert(victim)
    system["output_fields"]["k8s.ns.name"] = "kube-system"
    expect(stack.send(system) == 200, "the alert was not taken")
    wait("record", lambda: bool(stack.last_decision("protected")))
    say(f"An alert about kube-system: {stack.last_decision('protected')['reason']}. Recorded, and nothing done.")


def take_away(stage: Stage) -> None:
    """The way back."""
    stage.deploy(stack_state="absent")
    gone = ("get", "namespaces", "nats", "bulkhead-response", "--ignore-not-found")
    wait("end of the namespaces", lambda: not stage.stack.cluster.kubectl(*gone))
    expect(bool(stage.stack.victim()), "the shop is gone, too")
    say("NATS and the engine are gone; the shop is as it was, and the identities stay on the controller.")


_STAGES: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("2. Bring NATS and the response engine", deploy),
    ("3. A shell opens in a container", answer),
    ("4. What must not happen", refuse),
    ("5. And the way back", take_away),
)


def run(output: Path, *, verbose: bool = False) -> None:
    """The whole demonstration. LabError where a stage did not show what it should."""
    began = time.monotonic()
    # asyncio complains of each end of a connection that nats-py has made TLS of.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    output.mkdir(parents=True, exist_ok=True)
    heading("1. A cluster that answers")
    say("etcd, API server, controllers and a node of their own; NATS and the engine will be pods on it. Some minutes.")
    cluster = Kubernetes("full")
    with contextlib.ExitStack() as ends:
        with step(f"Kubernetes in {cluster.workdir}"):
            ends.enter_context(cluster)
        with step("images made on the spot, and a shop"):
            prepare(cluster)
            cluster.make_namespace(SHOP)
        told = ends.enter_context(hook())
        folder = cluster.workdir / "stack"
        folder.mkdir()
        stack = Stack(cluster, folder, SHOP, told.url)
        stack.fix_the_port_of_nats()
        for title, act in _STAGES:
            heading(title)
            act(Stage(stack, told, verbose))
        decisions = output / "decision.json"
        decisions.write_text(json.dumps(told.told, indent=2) + "\n")
    say("The cluster is gone again.")
    heading(f"Done in {time.monotonic() - began:.0f} s")
    print(f"  What the webhook heard: {decisions}")

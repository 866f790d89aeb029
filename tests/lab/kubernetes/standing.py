# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that stays up for a person to try things on, until it is taken down."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from tests.lab.kubernetes.cast import set_stage
from tests.lab.kubernetes.cluster import Kubernetes
from tests.lab.kubernetes.reaper import reap
from tests.lab.kubernetes.rest import Rest
from tests.lab.progress import say, step
from tests.lab.standing import STATE
from tests.lab.standing import WORKDIR as DOCKER_WORKDIR

ATTACH = "BULKHEAD_LAB_KUBECONFIG"
_RECORD = "cluster.json"
_SECONDS = {"api": 5, "ctl": 6, "full": 10}


def workdir() -> Path:
    """Beside the standing dockerd's; one for each checkout. Without root, inside the checkout."""
    return STATE / "kubernetes" if os.geteuid() else DOCKER_WORKDIR.with_name(f"{DOCKER_WORKDIR.name}-k8s")


def _recorded() -> dict[str, Any] | None:
    with contextlib.suppress(OSError):
        recorded = json.loads((workdir() / _RECORD).read_text())
        return dict(recorded)
    return None


def _answers(recorded: dict[str, Any]) -> bool:
    pki = workdir() / "pki"
    pair = (pki / "admin.crt", pki / "admin.key")
    with Rest(recorded["port"], pki / "ca.crt", pair, recorded["address"]) as rest:
        return rest.status("/readyz") == 200


def up(mode: str) -> None:
    """Bring a cluster and the cast up, and say how to use them."""
    if os.environ.get(ATTACH):
        say(f"{ATTACH} names a cluster that is yours: the lab starts none, and puts nothing on it.")
        return
    recorded = _recorded()
    if recorded and _answers(recorded):
        say(f"A cluster of mode {recorded['mode']} is up already; `python -m tests.lab down --kubernetes` ends it.")
        return
    reap(workdir())
    cluster = Kubernetes(mode, workdir(), keep=True)
    with step(f"a private cluster of mode {mode} in {cluster.workdir}, about {_SECONDS[mode]} s"):
        cluster.start()
    record = {"mode": mode, "address": cluster.address, "port": cluster.port, "kubeconfig": str(cluster.kubeconfig)}
    (cluster.workdir / _RECORD).write_text(json.dumps(record))
    with step("the cast"):
        members = set_stage(cluster)
    say(f"{len(members)} members of the cast, each with a vice or none. Try:")
    print(f"    export KUBECONFIG={cluster.kubeconfig}")
    print(f"    {cluster.kubectl_program} get deployments --namespace cast-workshop")


def down() -> None:
    """End the cluster and remove all of it. No cluster is no error."""
    with step(f"ending every process and mount of {workdir()}"):
        reap(workdir())


def status() -> int:
    """Say whether it is up; 0 when it is, 3 when not (as service managers do)."""
    recorded = _recorded()
    if recorded is None or not _answers(recorded):
        print(f"  down: no cluster answers from {workdir()}")
        return 3
    print(f"  up: a cluster of mode {recorded['mode']}; KUBECONFIG={recorded['kubeconfig']}")
    return 0

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit finds each vice of the cast, and none that is not there."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.cast import set_stage


def test_every_vice_is_found_and_no_other(make_k8s: Callable[..., Kubernetes]) -> None:
    cluster = make_k8s("ctl")
    members = set_stage(cluster)
    findings = run_module("k8s_audit", {"kubeconfig": str(cluster.kubeconfig)})["findings"]
    assert [finding for finding in findings if finding["status"] == "error"] == []
    failed = [finding for finding in findings if finding["status"] == "fail"]
    missed, invented = {}, {}
    for member in (member for member in members if member.prefix):
        found = {finding["control"] for finding in failed if member.is_subject_of(finding)}
        missed[member] = member.failing_controls - found
        invented[member] = set() if member.more else found - member.failing_controls
    assert {f"{member.kind} {member.name}": ids for member, ids in missed.items() if ids} == {}
    assert {f"{member.kind} {member.name}": ids for member, ids in invented.items() if ids} == {}

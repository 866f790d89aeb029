# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on a real cluster: audit, harden, try it out; a change by hand, the report of it, and the way back."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_module
from tests.lab.demo_acts import audit, expect, findings, play, reporting, show, show_diff, worst_first
from tests.lab.kubernetes import demo_script
from tests.lab.kubernetes.cast.members import Object
from tests.lab.kubernetes.cluster import Kubernetes
from tests.lab.kubernetes.demo_script import SHOP
from tests.lab.progress import heading, say, step

_ROLES = ("k8s_rbac", "k8s_pod_security", "k8s_network_policy")
_PARTS = ("harden_rbac", "harden_pod_security", "harden_network_policy")
_PSP = "PodSecurityPolicy"


@dataclass(frozen=True)
class Stage:
    """A cluster, where the reports go, and whether to show what Ansible prints."""

    cluster: Kubernetes
    output: Path
    verbose: bool

    @property
    def inventory(self) -> dict[str, Any]:
        """The cluster as a host that stands for it; its API server is asked from here."""
        kubeconfig = str(self.cluster.kubeconfig)
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "audit_k8s_kubeconfig": kubeconfig,
            **{f"{role}_kubeconfig": kubeconfig for role in _ROLES},
            "k8s_rbac_backup_dir": str(self.cluster.workdir / "removed"),
        }
        return {
            "k8s_clusters": {"hosts": {"workshop": variables}},
            "k8s_control_plane": {"hosts": {"node1": self._control_plane(kubeconfig)}},
        }

    def _control_plane(self, kubeconfig: str) -> dict[str, Any]:
        """The host of the API server, where everything that kubeadm would put under /etc is in the lab's own folder."""
        folder = self.cluster.workdir / "hardening"
        return {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
            "k8s_apiserver_path": str(self.cluster.manifest),
            "k8s_apiserver_config_dir": str(folder / "config"),
            "k8s_apiserver_record_dir": str(folder / "record"),
            "k8s_apiserver_audit_log_path": str(folder / "audit" / "audit.log"),
            "k8s_apiserver_kubeconfig": kubeconfig,
        }

    def audit(self, **variables: Any) -> tuple[PlaybookResult, dict[str, Any]]:
        """Run audit.yml; what Ansible said, and the JSON report."""
        return audit(self.inventory, self.output, self.verbose, **variables)

    def harden(self, changes: Mapping[str, Any] | None = None, *, check: bool = False) -> PlaybookResult:
        """Run harden_k8s.yml; `changes` to its variables."""
        options = {**demo_script.HARDENING, **(changes or {})}
        return play("harden_k8s", self.inventory, self.verbose, check=check, **options)

    def create(self, made: Object) -> str:
        """What kubectl says to a developer who makes an object."""
        developer = self.cluster.user(demo_script.DEVELOPER, [demo_script.DEVELOPERS])
        return self.cluster.kubectl(
            f"--kubeconfig={developer}", "create", "-f", "-", input=json.dumps(made), check=False
        )

    def module(self, name: str, **options: Any) -> dict[str, Any]:
        """Run one module against the cluster. LabError where it fails."""
        result = run_module(name, {"kubeconfig": str(self.cluster.kubeconfig), **options})
        expect(not result.get("failed"), f"{name}: {result.get('msg')}")
        return result


def first_audit(stage: Stage) -> None:
    """An audit of the cluster as it was found."""
    result, report = stage.audit()
    result.check()
    failing = worst_first(findings(report, "fail"))
    say(f"{len(failing)} findings. The worst:")
    show(failing)
    found = {(finding["control"], finding["subject"]["name"]) for finding in failing}
    for control, name in demo_script.EXPECTED:
        expect((control, name) in found, f"the first audit did not find {control} of {name}")
    errors = findings(report, "error")
    expect(not errors, f"some controls could not be evaluated: {errors[:3]}")


def why(stage: Stage) -> None:
    """Who may read Secrets in the shop, and through which binding."""
    say(f"Who may read the Secrets of {SHOP}, and why? k8s_access_info answers as the API server would:")
    question = {"verb": "get", "resource": "secrets", "namespace": SHOP}
    answer = stage.module("k8s_access_info", questions=[question])["answers"][0]
    paths = [path for path in answer["paths"] if not demo_script.is_of_the_cluster(path["subject"])]
    for path in paths:
        subject, binding, role = path["subject"], path["binding"], path["role"]
        print(f"    {subject['kind']:<16}{subject['name']:<10}{binding['kind']} {binding['name']} → {role['name']}")
    say("(and the cluster's own components)", 4)
    names = {path["subject"]["name"] for path in paths}
    expect(demo_script.CONTRACTOR in names, f"{demo_script.CONTRACTOR} may read Secrets, and the answer has {names}")


def preflight(stage: Stage) -> None:
    """A workload that would be refused stops the hardening before anything is touched."""
    stage.cluster.kubectl_apply([demo_script.DEBUGGER])
    say("Somebody left a privileged debugger running. The hardening lists what it would refuse, and stops:")
    result = stage.harden()
    refused = [task for task in result.tasks if task["status"] == "failed"]
    expect(bool(refused), "the pre-flight let a workload pass that would be refused")
    say(str(refused[-1]["result"].get("msg")), 4)
    stage.cluster.kubectl("delete", "deployment", "debugger", f"--namespace={SHOP}")


def plan(stage: Stage) -> None:
    """The hardening in check mode."""
    say("What would it change? Check mode with --diff is the plan, and the drift report:")
    before = stage.cluster.kubectl("get", "rolebindings,psp,networkpolicies", "--all-namespaces", "-o=name")
    result = stage.harden(check=True).check()
    say(f"It would change: {'; '.join(result.changed)}.")
    after = stage.cluster.kubectl("get", "rolebindings,psp,networkpolicies", "--all-namespaces", "-o=name")
    expect(bool(result.changed) and before == after, "the plan changes nothing, or check mode changed something")


def harden(stage: Stage) -> None:
    """The hardening, twice, and what no role may decide."""
    result = stage.harden().check()
    say(f"Changed: {'; '.join(result.changed)}.")
    say("The default ServiceAccount was cluster-admin, through a binding of the whole cluster: its grants are revoked.")
    stage.module(
        "k8s_credential",
        state="revoked",
        service_account="default",
        namespace=SHOP,
        remove_grants=True,
        backup_dir=str(stage.cluster.workdir / "removed"),
    )
    again = stage.harden().check().changed
    expect(not again, f"the second run changed something: {again}")
    say("The second run changed nothing.")


def try_it(stage: Stage) -> None:
    """A developer makes a privileged pod, and a good one."""
    refused = stage.create(demo_script.PRIVILEGED_POD)
    expect(
        "unable to admit pod" in refused or "unable to validate" in refused, f"a privileged pod was let in: {refused}"
    )
    say(f"A developer makes a privileged pod: {refused.strip()[:300]}")
    admitted = stage.create(demo_script.GOOD_POD)
    expect("created" in admitted, f"a good pod was refused: {admitted}")
    with step("and a good one: created; waiting until it runs"):
        stage.cluster.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "pod/good", f"--namespace={SHOP}")


def second_audit(stage: Stage) -> None:
    """What the hardening was about is gone; the report says what stays."""
    _result, report = stage.audit()
    left = {(finding["control"], finding["subject"]["name"]) for finding in findings(report, "fail")}
    for control, name in demo_script.EXPECTED:
        expect((control, name) not in left, f"{control} of {name} is still there after the hardening")
    say(f"{report['drift']['resolved']} findings are resolved. {len(left)} stay, which no role of ours decides, as:")
    show(worst_first(findings(report, "fail")), 5)


def by_hand(stage: Stage) -> None:
    """Somebody adds a rule to a role, and makes somebody cluster-admin."""
    say("Somebody is in a hurry: a role of the baseline gets another rule, and a contractor becomes cluster-admin.")
    patch = [{"op": "add", "path": "/rules/-", "value": demo_script.ADDED_RULE}]
    roles = stage.cluster.kubectl("get", "clusterroles", "-o=name").split()
    role = next(name for name in roles if "bulkhead" in name and "developer" in name)
    stage.cluster.kubectl("patch", role, "--type=json", f"--patch={json.dumps(patch)}")
    stage.cluster.kubectl_apply(demo_script.BY_HAND)


def third_audit(stage: Stage) -> None:
    """The scheduled audit fails on news, and the baseline tells what it would put right."""
    result, report = stage.audit(audit_fail_on_new="low")
    news = [finding for finding in findings(report, "fail") if finding["drift"] in ("new", "regressed")]
    show(worst_first(news))
    caught = {finding["control"] for finding in news}
    expect("k8s.rbac.cluster_admin_binding" in caught, f"the new cluster-admin was not caught: {caught}")
    expect(result.rc != 0, "the gate fail_on_new let the drift pass")
    say(f"Caught: {len(news)} findings new or regressed, and the run failed on them, so that a scheduler notifies.")
    say("And what would the baseline put right?")
    drift = stage.harden(check=True)
    expect(bool(drift.changed), "the drift report of the baseline shows nothing")
    show_diff(drift)
    stage.cluster.kubectl("delete", "clusterrolebinding", "quick-fix")
    expect(bool(stage.harden().check().changed), "the drift was not put right")


def roll_back(stage: Stage) -> None:
    """The way back: what the roles made goes, and nothing else."""
    say("First the API server, which must not ask for policies any more; then what the roles made in the cluster.")
    stage.harden({**dict.fromkeys(_PARTS, False), "k8s_apiserver_state": "absent"}).check()
    stage.harden({"harden_apiserver": False, **{f"{role}_state": "absent" for role in _ROLES}}).check()
    left = stage.cluster.kubectl("get", "roles,rolebindings,networkpolicies,psp", f"--namespace={SHOP}", "-o=name")
    expect("bulkhead" not in left, f"the way back left {left}")
    expect(_PSP not in stage.cluster.manifest.read_text(), f"the way back left the admission plugin {_PSP}")
    expect("web" in stage.cluster.kubectl("get", "deployments", f"--namespace={SHOP}", "-o=name"), "a workload is gone")
    say("What the roles made is gone; the workloads are as they were.")


_STAGES: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("2. Audit: what is wrong with this cluster?", first_audit),
    ("3. Who can do what, and why", why),
    ("4. Plan the hardening", plan),
    ("5. Harden", harden),
    ("6. Try it", try_it),
    ("7. Audit again", second_audit),
    ("8. Changes by hand, behind Ansible's back", by_hand),
    ("9. The next audit catches them", third_audit),
    ("10. And the way back", roll_back),
)


def run(output: Path, *, verbose: bool = False) -> None:
    """The whole demonstration. LabError where a stage did not show what it should."""
    with reporting(output):
        _on_ours(output, verbose)


def _on_ours(output: Path, verbose: bool) -> None:
    heading("1. A Kubernetes cluster, as one finds them")
    say("etcd, API server, controllers and a node of their own, in folders and a network of their own. Some minutes.")
    cluster = Kubernetes("full", static_pod_api=True)
    with contextlib.ExitStack() as ends:
        with step(f"Kubernetes in {cluster.workdir}"):
            ends.enter_context(cluster)
        with step("a shop, and what has grown around it"):
            cluster.kubectl_apply(demo_script.OBJECTS)
            # Kubernetes sets it from 1.21 on; without it no policy can name a namespace.
            cluster.kubectl("label", "namespace", "kube-system", "kubernetes.io/metadata.name=kube-system")
        stage = Stage(cluster, output, verbose)
        for title, act in _STAGES:
            heading(title)
            act(stage)
    say("The cluster is gone again.")

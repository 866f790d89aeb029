# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control catalogue: every row of the control tables, for people to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.anchore import ANCHORE_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker import DOCKER_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.dockerfile import DOCKERFILE_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.falco import FALCO_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s import K8S_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.nats import NATS_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.running_images import (
    RUNNING_IMAGE_CONTROLS,
)

_BENCHMARKS = {"cis-docker": "CIS Docker", "cis-kubernetes": "CIS Kubernetes"}
_DOCKER_SCOPES = {
    "host": "The host",
    "daemon": "The daemon",
    "file": "Files and sockets",
    "image": "Images",
    "container": "Containers",
    "network": "Networks",
    "swarm": "Swarm",
    "service": "Swarm services",
}
_DOCKERFILE_SCOPES = {
    "file": "The image as a whole",
    "stage": "Stages and base images",
    "run": "RUN",
    "copy": "ADD and COPY",
    "variable": "ENV, ARG and LABEL",
    "instruction": "Other instructions",
    "context": "Build contexts",
}
_K8S_SCOPES = {
    "cluster": "The cluster",
    "api_server": "API server",
    "controller_manager": "Controller manager",
    "scheduler": "Scheduler",
    "etcd": "etcd",
    "kubelet": "Kubelets",
    "file": "Files of the control plane and of nodes",
    "namespace": "Namespaces",
    "workload": "Workloads",
    "access": "Access of users, groups and ServiceAccounts",
    "role": "Roles",
    "binding": "Bindings",
    "service_account": "ServiceAccounts",
    "secret": "Secrets",
    "certificate": "Certificates",
    "network_policy": "Network policies",
    "image": "Images",
}
_NATS_SCOPES = {
    "server": "Servers",
    "account": "Accounts",
    "stream": "Streams",
    "consumer": "Consumers",
    "configuration": "The configuration file",
    "user": "Users",
}
_RUNNING_IMAGE_SCOPES = {"running_image": "Images that run"}
_ANCHORE_SCOPES = {"engine": "The engine", "service": "Services", "feed_group": "Groups of feeds"}
_FALCO_SCOPES = {
    "falco": "A running Falco",
    "config": "Its configuration",
    "output": "Outputs that leave the host",
    "rules_file": "Files of rules",
}


@dataclass(frozen=True)
class Page:
    """The catalogue of one module: its controls, and a heading for each scope, in the order of the page."""

    title: str
    module: str
    controls: tuple[Control, ...]
    scopes: Mapping[str, str]
    own_rows: bool = True


DOCKER = Page("Control catalogue", "docker_audit", DOCKER_CONTROLS, _DOCKER_SCOPES)
DOCKERFILE = Page("Control catalogue of Dockerfiles", "dockerfile_audit", DOCKERFILE_CONTROLS, _DOCKERFILE_SCOPES)
K8S = Page("Control catalogue of Kubernetes", "k8s_audit", K8S_CONTROLS, _K8S_SCOPES)
NATS = Page("Control catalogue of NATS", "nats_audit", NATS_CONTROLS, _NATS_SCOPES)
RUNNING_IMAGES = Page(
    "Control catalogue of running images", "image_audit", RUNNING_IMAGE_CONTROLS, _RUNNING_IMAGE_SCOPES
)
ANCHORE = Page(
    "Control catalogue of Anchore Engine", "anchore_system_info", ANCHORE_CONTROLS, _ANCHORE_SCOPES, own_rows=False
)
FALCO = Page("Control catalogue of Falco", "falco_audit", FALCO_CONTROLS, _FALCO_SCOPES)
_PREAMBLE = """# {title}

Every control of `{module}`, generated from the tables in `plugins/module_utils/controls/` by `make generate`.

A control looks at one kind of subject at a time. It *judges* a fact of the subject, written as a
[JMESPath](https://jmespath.org) expression over that subject, by one operator; `when` says to which subjects it
applies.
*manual* controls cannot be judged by a machine, and say why. Benchmark ids are facts; the wording is our own.

{choice}
"""
_CHOICE = """\
Your own rows have the same form (option `controls` of `{module}`), and every expectation and severity can be
overridden (option `overrides`)."""
_CHOICE_OF_OURS = "Every expectation and severity can be overridden (option `overrides` of `{module}`)."


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _ids(control: Control) -> str:
    benchmarks: dict[str, list[str]] = {}
    for reference in control.references:
        name = _BENCHMARKS.get(reference["benchmark"], reference["benchmark"])
        benchmarks.setdefault(f"{name} {reference['version']}", []).append(reference["id"])
    return "; ".join(f"{name}: {', '.join(ids)}" for name, ids in benchmarks.items()) or "none: beyond the benchmarks"


def _expectation(control: Control) -> list[str]:
    if control.manual:
        return [f"- Manual: {control.manual}"]
    operator, operand = next(iter((control.expected or {}).items()))
    lines = [f"- Judges {_code(control.actual)}: {operator.replace('_', ' ')} {_code(json.dumps(operand))}"]
    return lines + ([f"- When {_code(control.when)}"] if control.when else [])


def _entry(control: Control) -> str:
    lines = [f"### {control.id}", "", f"**{control.title}**", ""]
    lines += [f"- Severity: {control.severity}", f"- References: {_ids(control)}", *_expectation(control)]
    for label, text in (("Why", control.rationale), ("Remediation", control.remediation)):
        if text:
            lines.append(f"- {label}: {text}")
    if control.not_applicable:
        lines.append(f"- Not applicable where: {control.not_applicable}")
    return "\n".join(lines) + "\n"


def _overview(controls: Iterable[Control]) -> str:
    rows = [f"| `{control.id}` | {control.severity} | {_cell(control.title)} |" for control in controls]
    return "\n".join(["| control | severity | what it says |", "|---|---|---|", *rows]) + "\n"


def text(page: Page) -> str:
    """The whole page, in Markdown."""
    order = list(page.scopes)
    controls = sorted(page.controls, key=lambda control: (order.index(control.scope), control.id))
    manual = sum(1 for control in controls if control.manual)
    choice = (_CHOICE if page.own_rows else _CHOICE_OF_OURS).format(module=page.module)
    preamble = _PREAMBLE.format(title=page.title, module=page.module, choice=choice)
    parts = [preamble, f"{len(controls)} controls, of which {manual} are manual.\n"]
    for scope, rows in groupby(controls, key=lambda control: control.scope):
        of_scope = list(rows)
        parts += [f"## {page.scopes[scope]}\n", _overview(of_scope), *map(_entry, of_scope)]
    return "\n".join(parts)

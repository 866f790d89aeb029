# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's rules of the role: sound by our own check, and each fits what it is about and not what is near it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.check import check_rules
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from bulkhead_response.audit_table import AUDIT_RULES
from tests.unit.roles.falco.falco_conditions import Rules, contents

RULES = Rules()
IN_A_POD = ("namespace=%k8s.ns.name", "pod=%k8s.pod.name", "uid=%k8s.pod.uid", "container=%container.id")


def spawned(name: str, parent: str = "sh", image: str = "nginx", **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"evt.type": "execve", "container.id": "3ad7b26ded6d", "container.image.repository": image}
    fields |= {"proc.name": name, "proc.pname": parent, "proc.cmdline": name, "proc.is_exe_upper_layer": False}
    return {**fields, **{key.replace("__", "."): value for key, value in more.items()}}


def opened(name: str, program: str, image: str = "nginx", *, write: bool = True) -> dict[str, Any]:
    fields = {"evt.type": "openat", "evt.is_open_write": write, "evt.is_open_read": not write}
    fields |= {"fd.typechar": "f", "fd.num": 3, "fd.name": name, "proc.name": program}
    return {**fields, "container.id": "3ad7b26ded6d", "container.image.repository": image}


def connected(ip: str, port: int, image: str) -> dict[str, Any]:
    fields = {"evt.type": "connect", "fd.typechar": "4", "fd.snet": ip, "fd.sip": ip, "fd.sport": port, "evt.rawres": 0}
    return {**fields, "container.id": "3ad7b26ded6d", "container.image.repository": image}


def gone(path: str, program: str, failed: bool = False) -> dict[str, Any]:
    return {"evt.type": "unlinkat", "evt.failed": failed, "fs.path.name": path, "proc.name": program}


def asked(resource: str, verb: str = "create", code: int = 201, **more: Any) -> dict[str, Any]:
    name, _slash, subresource = resource.partition("/")
    fields = {"ka.stage": "ResponseComplete", "ka.response.code": code, "ka.verb": verb, "ka.user.name": "alice"}
    fields |= {"ka.target.resource": name, "ka.target.namespace": "shop", "ka.uri": "/api/v1/x"}
    fields |= {"ka.target.subresource": subresource} if subresource else {}
    return {**fields, **{key.replace("__", "."): value for key, value in more.items()}}


ENTRYPOINT = "sh /docker-entrypoint.sh nginx -g daemon off;"
SUBJECTS = "jevt.value[/requestObject/subjects]"
INIT = "jevt.value[/requestObject/spec/initContainers/0/securityContext/privileged]"

# By the name of each rule: events that it fits, and events that are near it.
CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "Shell in a workshop service": (
        [spawned("bash"), spawned("sh", image="registry.example.com/shop/redis"), spawned("ash", image="traefik")],
        [
            spawned("sh", proc__cmdline=ENTRYPOINT),
            spawned("bash", image="postgres"),
            spawned("bash", container__id="host"),
            spawned("nginx"),
        ],
    ),
    "Unexpected child of a workshop service": (
        [spawned("id", parent="redis-server", image="redis"), spawned("sh", parent="nginx")],
        [
            spawned("nginx", parent="nginx"),
            spawned("id", parent="sh"),
            spawned("sh", parent="nginx", image="wordpress"),
        ],
    ),
    "Program written into a workshop service": (
        [spawned("xmrig", proc__is_exe_upper_layer=True)],
        [spawned("xmrig"), spawned("xmrig", image="debian", proc__is_exe_upper_layer=True)],
    ),
    "Outbound connection of redis": (
        [connected("192.0.2.1", 4444, "redis")],
        [
            connected("192.0.2.1", 6379, "redis"),
            connected("127.0.0.1", 4444, "redis"),
            connected("192.0.2.1", 4444, "nginx"),
        ],
    ),
    "Outbound connection of a proxy to a strange port": (
        [connected("192.0.2.1", 4444, "nginx"), connected("192.0.2.1", 22, "traefik")],
        [connected("192.0.2.1", 8080, "nginx"), connected("192.0.2.1", 4444, "redis")],
    ),
    "Configuration of a workshop service written": (
        [opened("/etc/nginx/nginx.conf", "vi"), opened("/etc/traefik/dynamic.yml", "sh", "traefik")],
        [
            opened("/etc/nginx/conf.d/default.conf", "sed"),
            opened("/etc/nginx/nginx.conf", "nginx", write=False),
            opened("/tmp/nginx.conf", "vi"),
        ],
    ),
    "Redis writes outside of its data": (
        [
            opened("/root/.ssh/authorized_keys", "redis-server", "redis"),
            opened("/etc/crontab", "redis-server", "redis"),
        ],
        [
            opened("/data/dump.rdb", "redis-server", "redis"),
            opened("/var/lib/redis/dump.rdb", "redis-server", "redis"),
            opened("/etc/crontab", "redis-server", "debian"),
        ],
    ),
    "Secret read in a workshop service": (
        [
            opened("/run/secrets/kubernetes.io/serviceaccount/token", "cat", write=False),
            opened("/etc/shadow", "cat", "redis", write=False),
        ],
        [
            opened("/run/secrets/kubernetes.io/serviceaccount/token", "traefik", "traefik", write=False),
            opened("/etc/passwd", "cat", write=False),
            opened("/etc/shadow", "cat", "debian", write=False),
        ],
    ),
    "Auditing of the API server touched": (
        [
            opened("/etc/kubernetes/manifests/kube-apiserver.yaml", "vi"),
            opened("/etc/kubernetes/bulkhead/audit", "python3"),
        ],
        [
            opened("/etc/kubernetes/manifests/kube-apiserver.yaml", "kubeadm"),
            opened("/etc/kubernetes/manifests/kube-apiserver.yaml", "cat", write=False),
            opened("/etc/kubernetes/manifests/etcd.yaml", "vi"),
        ],
    ),
    "Audit log of the API server taken away": (
        [gone("/var/log/kubernetes/audit/audit.log", "rm")],
        [
            gone("/var/log/kubernetes/audit/audit-1.log", "kube-apiserver"),
            gone("/var/log/kubernetes/audit/audit.log", "rm", failed=True),
            gone("/var/log/syslog", "rm"),
        ],
    ),
    "Exec or attach to a pod": (
        [
            asked("pods/exec", "get", 101, ka__stage="ResponseStarted"),
            asked("pods/attach", "create", 101),
        ],
        [asked("pods/exec", "create", 403), asked("pods/log", "get", 200), asked("services/exec")],
    ),
    "Port forward to a pod": ([asked("pods/portforward", code=101)], [asked("pods/portforward", code=404)]),
    "Node reached through its proxy": (
        [asked("nodes/proxy", "get", 200)],
        [asked("nodes/proxy", "get", 200, ka__user__name="system:kube-apiserver"), asked("nodes/status", "get", 200)],
    ),
    "Ephemeral container added": (
        [asked("pods/ephemeralcontainers", "patch", 200)],
        [asked("pods/ephemeralcontainers", "get", 200)],
    ),
    "Privileged pod created": (
        [
            asked("pods") | {"ka.req.pod.containers.privileged": ["false", "true"]},
            asked("pods") | {"ka.req.pod.host_pid": True},
            asked("pods") | {INIT: "true"},
        ],
        [
            asked("pods") | {"ka.req.pod.containers.privileged": ["false"], "ka.req.pod.host_network": False},
            asked("pods/status", "update", 200) | {"ka.req.pod.host_pid": True},
            asked("pods", code=403) | {"ka.req.pod.host_pid": True},
        ],
    ),
    "Sensitive host path mounted": (
        [asked("pods") | {"ka.req.pod.volumes.hostpath": ["/data", "/var/run/docker.sock"]}],
        [asked("pods") | {"ka.req.pod.volumes.hostpath": ["/data"]}, asked("pods")],
    ),
    "Cluster-admin granted": (
        [asked("rolebindings") | {"ka.req.binding.role": "cluster-admin"}],
        [
            asked("clusterrolebindings") | {"ka.req.binding.role": "view"},
            asked("clusterrolebindings", ka__user__name="system:apiserver") | {"ka.req.binding.role": "cluster-admin"},
        ],
    ),
    "Rights granted to anonymous users": (
        [asked("clusterrolebindings") | {SUBJECTS: '[{"kind":"Group","name":"system:unauthenticated"}]'}],
        [asked("clusterrolebindings") | {SUBJECTS: '[{"kind":"User","name":"eve"}]'}],
    ),
    "Role with every right written": (
        [asked("roles", "update", 200) | {"ka.req.role.rules.verbs": ["*"], "ka.req.role.rules.resources": ["*"]}],
        [asked("roles") | {"ka.req.role.rules.verbs": ["get"], "ka.req.role.rules.resources": ["*"]}],
    ),
    "Secret read by a stranger": (
        [
            asked("secrets", "list", 200),
            asked("secrets", "get", 200, ka__user__name="system:serviceaccount:kube-system:helper"),
        ],
        [
            asked("secrets", "get", 200, ka__user__name="system:node:worker"),
            asked("secrets", "get", 200, ka__user__name="system:serviceaccount:kube-system:job-controller"),
            asked("secrets", "get", 404),
            asked("secrets", "create"),
        ],
    ),
    "ConfigMap with credentials": (
        [asked("configmaps") | {"ka.req.configmap.obj": '{"db.ini":"Password=x"}'}],
        [asked("configmaps") | {"ka.req.configmap.obj": '{"colour":"red"}'}, asked("configmaps", "get", 200)],
    ),
    "ServiceAccount token made": (
        [asked("serviceaccounts/token")],
        [asked("serviceaccounts/token", ka__user__name="system:node:worker"), asked("serviceaccounts")],
    ),
    "Request in the name of another": (
        [asked("pods", "list", 200, ka__impuser__name="bob")],
        [asked("pods", "list", 200), asked("pods", "list", 403, ka__impuser__name="bob")],
    ),
    "Anonymous request allowed": (
        [asked("pods", "list", 200, ka__user__name="system:anonymous")],
        [
            asked("", "get", 200, ka__user__name="system:anonymous", ka__uri="/healthz"),
            asked("pods", "list", 403, ka__user__name="system:anonymous"),
        ],
    ),
    "Admission control changed": (
        [asked("validatingwebhookconfigurations", "delete", 200)],
        [asked("validatingwebhookconfigurations", "get", 200)],
    ),
    "Kubernetes events deleted": (
        [asked("events", "deletecollection", 200)],
        [
            asked("events"),
            asked("events", "delete", 200, ka__user__name="system:serviceaccount:kube-system:namespace-controller"),
        ],
    ),
}


@pytest.mark.parametrize("version", ["0.43", "0.44"])
def test_falco_would_load_them_without_a_warning(version: str) -> None:
    verdict = check_rules(contents(), Engine(version))
    assert [f"{issue.place} {issue.message}" for issue in verdict.issues] == []
    assert {rule.cost.level for rule in verdict.rules if rule.cost} == {"low"}


@pytest.mark.parametrize("file", contents(), ids=lambda file: str(file[0]))
def test_each_file_stands_by_itself_and_replaces_nothing_of_others(file: tuple[str, str]) -> None:
    assert check_rules([file]).valid
    names = [line.split()[-1] for line in file[1].splitlines() if line.startswith(("- list:", "- macro:"))]
    assert all(name.startswith("bulkhead_") for name in names)


def test_every_rule_has_its_cases() -> None:
    assert sorted(CASES) == sorted(RULES.names)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_fits_what_it_is_about_and_not_what_is_near(name: str) -> None:
    fits, near = CASES[name]
    assert [RULES.fits(name, event) for event in fits] == [True] * len(fits)
    assert [RULES.fits(name, event) for event in near] == [False] * len(near)


def test_an_alert_about_a_container_says_which_pod_to_act_upon() -> None:
    for name in RULES.names:
        rule = RULES.rule(name)
        if "workshop" in rule.tags:
            assert all(part in rule.output.text for part in IN_A_POD), name


def test_the_runner_has_the_same_rules_for_the_audit_log() -> None:
    of_falco = {name: RULES.rule(name) for name in RULES.names if RULES.source(name) == "k8s_audit"}
    assert sorted(of_falco) == sorted(rule.name for rule in AUDIT_RULES)
    for rule in AUDIT_RULES:
        assert (of_falco[rule.name].priority, frozenset(of_falco[rule.name].tags)) == (rule.priority, rule.tags)

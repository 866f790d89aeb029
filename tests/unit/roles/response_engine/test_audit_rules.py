# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of audit rules: what each row fits, whom it knows, and that no event from outside breaks it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkhead_response.alert import PRIORITIES
from bulkhead_response.audit_rules import Known, alerts_of, known_from
from bulkhead_response.audit_table import AUDIT_RULES
from bulkhead_response.errors import ConfigError
from tests.unit.roles.response_engine.audit_events import event

RBAC = "rbac.authorization.k8s.io"
PRIVILEGED = {"containers": [{"name": "c", "image": "x", "securityContext": {"privileged": True}}]}


def pod(**spec: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "web", "uid": "u-1"}, "spec": spec}


def binding(role: str, name: str = "eve") -> dict[str, Any]:
    return {"kind": "ClusterRoleBinding", "roleRef": {"name": role}, "subjects": [{"kind": "User", "name": name}]}


# By the key of each row: an event that it fits, and one that is near it.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "exec": (event("get", "pods/exec", code=101, stage="ResponseStarted"), event("create", "pods/exec", code=403)),
    "port_forward": (event("create", "pods/portforward", code=101), event("create", "pods/portforward", code=404)),
    "node_proxy": (event("get", "nodes/proxy"), event("get", "nodes/proxy", user="system:kube-apiserver")),
    "ephemeral_container": (event("patch", "pods/ephemeralcontainers"), event("get", "pods/ephemeralcontainers")),
    "privileged_pod": (
        event("create", "pods", requestObject=pod(**PRIVILEGED)),
        event(
            "create", "pods", requestObject=pod(containers=[{"name": "c", "securityContext": {"privileged": False}}])
        ),
    ),
    "host_path": (
        event("create", "pods", requestObject=pod(volumes=[{"hostPath": {"path": "//etc/"}}])),
        event("create", "pods", requestObject=pod(volumes=[{"hostPath": {"path": "/data/etc"}}, {"emptyDir": {}}])),
    ),
    "cluster_admin": (
        event("create", f"{RBAC}/rolebindings", responseObject=binding("cluster-admin")),
        event("create", f"{RBAC}/rolebindings", responseObject=binding("view")),
    ),
    "grant_to_anybody": (
        event("patch", f"{RBAC}/clusterrolebindings", responseObject=binding("view", "system:anonymous")),
        event("delete", f"{RBAC}/clusterrolebindings", responseObject=binding("view", "system:anonymous")),
    ),
    "every_right": (
        event("update", f"{RBAC}/roles", requestObject={"rules": [{"verbs": ["*"], "resources": ["*"]}]}),
        event("update", f"{RBAC}/roles", requestObject={"rules": [{"verbs": ["get"], "resources": ["*"]}]}),
    ),
    "secret_read": (event("list", "secrets"), event("list", "secrets", user="system:node:worker")),
    "configmap_credentials": (
        event("update", "configmaps", requestObject={"data": {"DB_PASSWORD": "correct-horse"}}),
        event("update", "configmaps", requestObject={"data": {"password_file": "/run/secrets/db"}}),
    ),
    "token": (
        event("create", "serviceaccounts/token"),
        event("create", "serviceaccounts/token", user="system:node:worker"),
    ),
    "impersonation": (
        event("get", "services", impersonatedUser={"username": "bob"}),
        event("get", "services", impersonatedUser={}),
    ),
    "anonymous": (
        event("get", "services", user="system:anonymous", uri="/api/v1/services?limit=1"),
        event("get", user="system:anonymous", uri="/healthz/etcd"),
    ),
    "admission": (
        event("delete", "admissionregistration.k8s.io/validatingwebhookconfigurations"),
        event("get", "admissionregistration.k8s.io/validatingwebhookconfigurations"),
    ),
    "events_deleted": (event("deletecollection", "events"), event("create", "events")),
}


def test_each_row_has_its_cases_and_a_priority_that_exists() -> None:
    assert [rule.key for rule in AUDIT_RULES] == list(CASES)
    assert {rule.priority for rule in AUDIT_RULES} <= set(PRIORITIES)


@pytest.mark.parametrize("rule", AUDIT_RULES, ids=lambda rule: rule.key)
def test_a_row_fits_what_it_is_about_and_not_what_is_near(rule: Any) -> None:
    fits, near = CASES[rule.key]
    [alert] = alerts_of(fits)
    assert (alert.rule, alert.priority, alert.tags, alert.source) == (rule.name, rule.priority, rule.tags, "k8s_audit")
    assert alert.fields["ka.user.name"] in alert.output
    assert alerts_of(near) == []
    assert alerts_of(fits, known_from({rule.key: ["ali*", "system:anonymous"]})) == []
    assert alerts_of(fits, known_from({"any": ["group:system:authen*"]})) == []


def test_a_request_has_one_identity_in_all_its_stages_and_every_other_another() -> None:
    started = event("create", "pods/exec", stage="ResponseStarted", code=101)
    ended = event("create", "pods/exec", stage="ResponseComplete", code=101)
    assert alerts_of(started)[0].id == alerts_of(ended)[0].id
    later = event("create", "pods/exec", code=101, requestReceivedTimestamp="2026-01-01T00:00:01.000000Z")
    assert alerts_of(later)[0].id != alerts_of(ended)[0].id
    assert alerts_of(event("create", "pods/exec", stage="RequestReceived")) == []


def test_a_pod_is_a_target_by_its_uid_and_only_by_what_can_be_a_name() -> None:
    [alert] = alerts_of(event("create", "pods", responseObject=pod(nodeName="worker", **PRIVILEGED)))
    target = alert.target
    assert (target.namespace, target.pod, target.pod_uid, target.node) == ("shop", "web", "u-1", "worker")
    assert target.image == "x"
    bad = event(
        "create",
        "pods/exec",
        objectRef={"resource": "pods", "subresource": "exec"}
        | dict.fromkeys(("namespace", "name", "uid"), "../../x\n"),
    )
    [alert] = alerts_of(bad)
    assert (alert.target.namespace, alert.target.pod, alert.target.pod_uid) == ("", "", "")


def test_the_pods_of_a_cron_job_are_looked_at() -> None:
    made = {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostNetwork": True, **PRIVILEGED}}}}}}
    seen = event("create", "", requestObject=made)
    seen["objectRef"] = {"apiGroup": "batch", "resource": "cronjobs", "name": "nightly", "namespace": "shop"}
    [alert] = alerts_of(seen)
    assert alert.fields["what"] == "hostNetwork, privileged container c"
    assert alert.target.pod == ""


@pytest.mark.parametrize(
    ("configured", "says"),
    [
        ({"secret_reads": ["x"]}, "did you mean secret_read?"),
        ({"exec": "alice"}, "known.exec: it is a list"),
        ({"exec": [""]}, "known.exec: it is a list"),
        (["alice"], "an object of lists"),
    ],
)
def test_a_list_of_known_users_that_nothing_would_obey_is_refused(configured: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        known_from(configured)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["pods", "secrets", "*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_PARTS = ("objectRef", "user", "verb", "requestObject", "responseObject", "requestURI", "impersonatedUser", "sourceIPs")


@given(st.sampled_from([case for pair in CASES.values() for case in pair]), st.sampled_from(_PARTS), _JSON)
def test_no_event_from_outside_breaks_it(case: dict[str, Any], part: str, value: Any) -> None:
    for alert in alerts_of({**case, part: value}, Known()):
        assert isinstance(alert.output, str)


def test_what_is_below_an_expected_key_may_be_anything() -> None:
    for wrong in (None, 1, "x", [], [1], {"template": 3}, {"containers": [3, {"securityContext": 1}], "volumes": [0]}):
        seen = event("create", "pods", requestObject={"spec": wrong, "data": wrong, "rules": wrong, "subjects": wrong})
        assert alerts_of(seen) == []

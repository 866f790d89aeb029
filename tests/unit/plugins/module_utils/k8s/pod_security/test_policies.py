# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects, and that their CEL says of every pod what the Python rules say."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.policies import policies
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rules import (
    RULES,
    evaluate_rules,
)
from tests.unit.plugins.module_utils.k8s.pod_security.admission import program, refusals
from tests.unit.plugins.module_utils.k8s.pod_security.pod_strategies import SPECS

V130 = Version(1, 30, "v1.30.0")
_STRATEGIES = st.builds(
    lambda rule, ranges: {"rule": rule, "ranges": ranges},
    st.sampled_from(["MustRunAs", "MayRunAs"]),
    st.sampled_from([[{"min": 1, "max": 999}], [{"min": 1000, "max": 1000}, {"min": 65535, "max": 65536}]]),
)
_REGISTRIES = (
    ["docker.io"],
    ["docker.io/library", "localhost"],
    ["docker.io/library/web", "reg.example.com"],
    ["docker.io/team", "reg:5000"],
    ["reg.example.com/app", "docker.io/app/web/"],
)
DECLARED = st.fixed_dictionaries(
    {},
    optional={
        "allowed_registries": st.sampled_from(_REGISTRIES),
        "require_digest": st.just(True),
        "forbid_latest": st.just(True),
        "read_only_root_filesystem": st.just(True),
        "required_limits": st.sampled_from([["memory"], ["cpu", "memory"]]),
        **dict.fromkeys(("run_as_user", "run_as_group", "fs_group", "supplemental_groups"), _STRATEGIES),
    },
)
ALL_RULES: dict[str, Any] = {
    "allowed_registries": ["registry.example.com", "docker.io/library"],
    "require_digest": True,
    "forbid_latest": True,
    "read_only_root_filesystem": True,
    "required_limits": ["memory"],
    "run_as_user": {"rule": "MayRunAs", "ranges": [{"min": 1, "max": 65535}]},
    "run_as_group": {"rule": "MustRunAs", "ranges": [{"min": 1, "max": 65535}]},
    "fs_group": {"rule": "MayRunAs", "ranges": [{"min": 1, "max": 65535}]},
    "supplemental_groups": {"rule": "MayRunAs", "ranges": [{"min": 1, "max": 65535}]},
}


def policy(**declaration: Any) -> dict[str, Any]:
    return policies({"rules": ALL_RULES, **declaration}, V130)[0]


def pod(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", **metadata}, "spec": spec}


def verdicts(rules: dict[str, Any], spec: dict[str, Any]) -> tuple[set[str], set[str]]:
    """(by CEL, by Python): the messages of the rules that refuse the pod."""
    found = policies({"rules": rules}, V130)
    wanted = {rule.option: rule.wanted for rule in RULES}
    by_cel = (refusals(found[0], pod(spec)) or set()) if found else set()
    return {message.replace("pod: ", "") for message in by_cel}, {
        wanted[each.control] for each in evaluate_rules({}, spec, rules)
    }


@settings(deadline=None, max_examples=200)
@given(rules=DECLARED, spec=SPECS)
def test_cel_and_python_agree_on_any_pod(rules: dict[str, Any], spec: dict[str, Any]) -> None:
    by_cel, by_python = verdicts(rules, spec)
    assert by_cel == by_python


@pytest.mark.parametrize("version", [(1, 28), (1, 29), (1, 30), (1, 36)])
def test_the_objects_are_what_the_api_takes(version: tuple[int, int]) -> None:
    objects = policies({"rules": ALL_RULES, "exempt_users": ["it's"]}, Version(*version, f"v{version[0]}.{version[1]}"))
    schema = f"1.{max(version[1], 29)}"
    for each in objects:
        kubernetes_validate.validate(each, schema, strict=True)
    assert [each["kind"] for each in objects] == [
        "ValidatingAdmissionPolicy",
        *["ValidatingAdmissionPolicyBinding"] * 2,
    ]
    assert {each["apiVersion"].rpartition("/")[2] for each in objects} == {"v1" if version >= (1, 30) else "v1beta1"}


def test_every_message_expression_is_cel() -> None:
    expressions = [each["messageExpression"] for each in policy()["spec"]["validations"] if "messageExpression" in each]
    assert len(expressions) == len(RULES) - 2
    for expression in expressions:
        program(expression)


@pytest.mark.parametrize(
    ("kind", "wrap"),
    [
        ("Deployment", lambda spec: {"spec": {"template": {"spec": spec}}}),
        ("CronJob", lambda spec: {"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}),
        ("PodTemplate", lambda spec: {"template": {"spec": spec}}),
    ],
)
def test_templates_are_judged_as_pods_are(kind: str, wrap: Any) -> None:
    spec = {"containers": [{"name": "a", "image": "web"}]}
    assert refusals(policy(), {"kind": kind, **wrap(spec)}) == refusals(policy(), pod(spec)) != set()


def test_a_controller_without_a_template_passes() -> None:
    rules = {"require_digest": True, "required_limits": ["memory"]}
    assert refusals(policy(rules=rules), {"kind": "ReplicationController", "spec": {}}) == set()


def test_an_update_that_leaves_the_pod_alone_passes() -> None:
    bad = {"containers": [{"name": "a", "image": "web"}]}
    changed = {"containers": [{"name": "a", "image": "web:latest"}]}
    assert refusals(policy(), pod(bad, finalizers=[]), old=pod(bad, finalizers=["x"])) is None
    assert refusals(policy(), pod(changed), old=pod(bad))


def test_who_and_what_is_exempt_is_not_judged() -> None:
    exempt = policy(exempt_users=["system:o'brien"], exempt_groups=["ops"], exempt_runtime_classes=["gvisor"])
    bad = pod({"containers": [{"name": "a", "image": "web"}]})
    assert refusals(exempt, bad, user="system:o'brien") is None
    assert refusals(exempt, bad, groups=("dev", "ops")) is None
    assert refusals(exempt, pod({**bad["spec"], "runtimeClassName": "gvisor"})) is None
    assert refusals(exempt, pod({**bad["spec"], "runtimeClassName": "runc"}), groups=("dev",))


def test_namespaces_are_selected_by_the_label_that_each_has() -> None:
    def selector(**declaration: Any) -> Any:
        return policy(**declaration)["spec"]["matchConstraints"]["namespaceSelector"]

    system = ["kube-node-lease", "kube-public", "kube-system"]
    key = "kubernetes.io/metadata.name"
    assert selector() == {"matchExpressions": [{"key": key, "operator": "NotIn", "values": system}]}
    assert selector(exempt_namespaces=[]) == {}
    assert selector(exempt_namespaces=[], namespaces=["a"], namespace_selector={"matchLabels": {"team": "x"}}) == {
        "matchLabels": {"team": "x"},
        "matchExpressions": [{"key": key, "operator": "In", "values": ["a"]}],
    }


def test_pods_are_denied_and_their_makers_warned() -> None:
    bindings = policies({"rules": ALL_RULES}, V130)[1:]
    assert [each["spec"]["validationActions"] for each in bindings] == [["Deny"], ["Warn", "Audit"]]
    assert [each["spec"]["policyName"] for each in bindings] == ["bulkhead-pod-rules"] * 2
    silent = policies({"rules": ALL_RULES, "controller_actions": []}, V130)
    assert [each["metadata"]["name"] for each in silent] == ["bulkhead-pod-rules", "bulkhead-pod-rules-pods"]


@pytest.mark.parametrize(("limit", "passes"), [("0", False), (0, False), ("0m", False), ("0.5", True), ("10m", True)])
def test_a_limit_of_zero_is_none(limit: Any, passes: bool) -> None:
    rules = {"required_limits": ["memory"]}
    spec = {"containers": [{"name": "a", "image": "web", "resources": {"limits": {"memory": limit}}}]}
    assert (refusals(policy(rules=rules), pod(spec)) == set()) is passes
    assert (evaluate_rules({}, spec, rules) == []) is passes


@pytest.mark.parametrize(
    ("image", "passes"),
    [
        ("nginx:1", True),
        ("docker.io/nginx", True),
        ("docker.io/library/nginx@sha256:abc", True),
        ("docker.io/nginx/proxy", True),
        ("nginx-evil", False),
        ("library/nginxx", False),
        ("registry.example.com/nginx", False),
    ],
)
def test_a_single_name_of_docker_hub_is_an_official_image_or_a_folder(image: str, passes: bool) -> None:
    rules = {"allowed_registries": ["docker.io/nginx"]}
    spec = {"containers": [{"name": "a", "image": image}]}
    assert (refusals(policy(rules=rules), pod(spec)) == set()) is passes
    assert (evaluate_rules({}, spec, rules) == []) is passes


def test_no_rule_makes_no_policy() -> None:
    assert policies({"rules": {"forbid_latest": False, "allowed_registries": []}}, Version(1, 20, "v1.20.2")) == []


@pytest.mark.parametrize(
    ("declaration", "fault"),
    [
        ({"ruls": {}}, "no option 'ruls'"),
        ({"rules": {"forbid_lates": True}}, "no rule 'forbid_lates'"),
        ({"rules": {"forbid_latest": "yes"}}, "forbid_latest: write true or false"),
        ({"rules": {"allowed_registries": "a"}}, "allowed_registries: write a list"),
        ({"rules": {"allowed_registries": ["https://a"]}}, "'https://a' is no registry"),
        ({"rules": {"required_limits": ["'] || true"]}}, "is no name of a resource"),
        ({"rules": {"run_as_group": {"rule": "RunAsAny", "ranges": []}}}, "MustRunAs or MayRunAs"),
        ({"rules": {"fs_group": {"rule": "MayRunAs", "ranges": [{"min": 5, "max": 1}]}}}, "min and max"),
        ({"rules": {"fs_group": {"rule": "MayRunAs", "ranges": []}}}, "min and max"),
        ({"rules": ALL_RULES, "validation_actions": ["Deny", "Warn"]}, "Deny and Warn together"),
        ({"rules": ALL_RULES, "validation_actions": ["Refuse"]}, "list of Deny, Warn, Audit"),
        ({"rules": ALL_RULES, "failure_policy": "Open"}, "Fail or Ignore"),
        ({"rules": ALL_RULES, "namespaces": "a"}, "list of names"),
        ({"rules": ALL_RULES, "namespace_selector": {"labels": {}}}, "matchLabels and matchExpressions"),
    ],
)
def test_what_cannot_be_meant_is_refused(declaration: dict[str, Any], fault: str) -> None:
    with pytest.raises(K8sError, match=fault):
        policies(declaration, V130)


def test_an_old_server_is_refused() -> None:
    with pytest.raises(K8sError, match=r"1\.27 has no ValidatingAdmissionPolicy"):
        policies({"rules": ALL_RULES}, Version(1, 27, "v1.27.0"))

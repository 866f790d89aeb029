# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations become policies that let through what was declared, and nothing else where it is denied."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.coverage import Coverage
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.declaration import (
    network_policies,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.endpoint import (
    Endpoint,
    address,
)

NAME = "kubernetes.io/metadata.name"
SPACES = [{"metadata": {"name": name, "labels": {NAME: name}}} for name in ("shop", "blog", "kube-system")]
METADATA = "169.254.169.254/32"
WEB, DB = Endpoint("shop", "w", {"app": "web"}), Endpoint("shop", "d", {"app": "db"}, ips=("10.0.0.2",))
BLOG = Endpoint("blog", "b", {"app": "web"}, ips=("10.0.0.3",))
DNS = Endpoint("kube-system", "dns", {"k8s-app": "kube-dns"}, ips=("10.0.0.4",))
INTERNET = address("198.51.100.1")


def covered(*namespaces: Any, flows: Any = (), **options: Any) -> Coverage:
    spaces = [each if isinstance(each, dict) else {"name": each} for each in namespaces]
    return Coverage(SPACES, network_policies({"namespaces": spaces, "flows": list(flows), **options}))


def flow(source: Any, target: Any, *ports: Any) -> dict[str, Any]:
    return {"from": source, "to": target, "ports": list(ports)}


def passing(coverage: Coverage, port: int = 80, protocol: str = "TCP") -> set[str]:
    ends = {"web": WEB, "db": DB, "blog": BLOG, "dns": DNS, "internet": INTERNET}
    return {
        f"{one}>{two}"
        for one, source in ends.items()
        for two, target in ends.items()
        if one != two and coverage.traffic.allowed(source, target, port, protocol) and {one, two} & {"web", "db"}
    }


def test_a_declared_namespace_is_closed_but_for_dns() -> None:
    coverage = covered("shop")
    assert passing(coverage) == set()
    assert passing(coverage, 53, "UDP") == {"web>dns", "db>dns"}
    assert passing(covered({"name": "shop", "dns": False}), 53, "UDP") == set()
    facts = coverage.namespace_facts("shop")
    assert facts["network_default_deny_ingress"]
    assert facts["network_default_deny_egress"]


def test_one_direction_leaves_the_other_open() -> None:
    only = covered({"name": "shop", "default_deny": ["ingress"]})
    assert passing(only) == {"web>blog", "web>dns", "web>internet", "db>blog", "db>dns", "db>internet"}
    only = covered({"name": "shop", "default_deny": ["egress"]})
    assert passing(only) == {"blog>web", "dns>web", "internet>web", "blog>db", "dns>db", "internet>db"}
    assert len(passing(covered({"name": "shop", "default_deny": []}))) == 14


def test_pods_of_one_namespace_may_be_let_talk_to_each_other() -> None:
    assert passing(covered({"name": "shop", "allow_same_namespace": True})) == {"web>db", "db>web"}


@pytest.mark.parametrize(
    ("declared", "lets"),
    [
        (flow({"namespace": "shop", "pods": {"app": "web"}}, {"namespace": "shop", "pods": {"app": "db"}}), {"web>db"}),
        (flow({"namespace": "blog"}, {"namespace": "shop", "pods": {"app": "web"}}), {"blog>web"}),
        (flow({"namespace_labels": {NAME: "blog"}}, {"namespace": "shop"}), {"blog>web", "blog>db"}),
        (flow({"namespace": "shop"}, {"namespace": "blog"}), {"web>blog", "db>blog"}),
        (flow({"namespace": "shop"}, {"cidr": "198.51.100.0/24"}), {"web>internet", "db>internet"}),
        (flow({"namespace": "shop"}, {"cidr": "198.51.100.0/24", "except": ["198.51.100.1"]}), set()),
        (flow({"cidr": ["198.51.100.1"]}, {"namespace": ["shop"]}), {"internet>web", "internet>db"}),
        (
            flow(None, {"namespace": "shop", "pods": {"app": "web"}}),
            {f"{it}>web" for it in ("blog", "dns", "internet")},
        ),
        (flow({"namespace": "blog"}, {"namespace": "*"}), {"blog>web", "blog>db"}),
        (flow({"namespace": "blog"}, {"namespace": "shop"}, 443), set()),
        (flow({"namespace": "blog"}, {"namespace": "shop"}, "80/UDP"), set()),
        (flow({"namespace": "blog"}, {"namespace": "shop"}, "70-90"), {"blog>web", "blog>db"}),
        (flow({"namespace": "blog"}, {"namespace": "shop"}, {"port": 80, "protocol": "tcp"}), {"blog>web", "blog>db"}),
    ],
)
def test_a_flow_lets_through_what_it_says_and_no_more(declared: dict[str, Any], lets: set[str]) -> None:
    assert passing(covered("shop", flows=[declared])) == lets


def test_blocked_addresses_stay_out_of_reach() -> None:
    target = address("169.254.169.254")
    everywhere = flow({"namespace": "shop"}, {"cidr": "0.0.0.0/0"})
    for options in ({"flows": [everywhere]}, {}):
        space = "shop" if options else {"name": "shop", "default_deny": ["ingress"]}
        closed = covered(space, blocked_addresses=[METADATA], **options)
        assert not closed.traffic.allowed(WEB, target, 80)
        assert closed.traffic.allowed(WEB, INTERNET, 80)
        assert covered(space, **options).traffic.allowed(WEB, target, 80)
    assert closed.traffic.allowed(WEB, BLOG, 80)


def test_exempt_pods_are_open_again_and_the_reason_is_kept() -> None:
    exemption = {"namespace": "shop", "pods": {"app": "web"}, "directions": ["ingress"], "reason": "legacy"}
    assert passing(covered("shop", exemptions=[exemption])) == {"blog>web", "dns>web", "internet>web"}
    [made] = [
        each
        for each in network_policies({"namespaces": [{"name": "shop"}], "exemptions": [exemption]})
        if "exempt" in each["metadata"]["name"]
    ]
    assert made["metadata"]["annotations"] == {"bulkhead.io/reason": "legacy"}


def test_what_allows_comes_before_what_denies_and_names_are_the_same_every_time() -> None:
    declaration = {"namespaces": [{"name": "shop"}], "flows": [flow({"namespace": "blog"}, {"namespace": "shop"}, 80)]}
    names = [each["metadata"]["name"] for each in network_policies(declaration)]
    assert names[-1] == "bulkhead-default-deny"
    assert names == [each["metadata"]["name"] for each in network_policies(declaration)]
    assert names[0].startswith("bulkhead-blog-to-shop-")


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ({"namespaces": [{"name": "a"}, {"name": "a"}]}, "declared twice"),
        ({"namespaces": [{"name": "a", "default_deny": ["Ingress"]}]}, "takes ingress and egress"),
        ({"namespaces": [{"name": "kube-system"}], "protected_namespaces": ["kube-system"]}, "cluster itself"),
        ({"flows": [{}]}, "needs from or to"),
        ({"flows": [{"name": "../x", "to": {"namespace": "a"}}]}, "a name has lower-case letters"),
        ({"flows": [{"name": "x" * 10_000, "to": {"namespace": "a"}}]}, "150 at most"),
        ({"flows": [{"to": {"pods": {"a": "b"}}}]}, "needs namespace"),
        ({"flows": [{"to": {"namespace": "a", "cidr": "10.0.0.0/8"}}]}, "exclude each other"),
        ({"flows": [{"to": {"namespace": "a", "except": ["10.0.0.0/8"]}}]}, "except goes with cidr"),
        ({"flows": [{"to": {"name": "a"}}]}, "'name' is none of"),
        ({"flows": [{"to": {"namespace": "a"}}]}, "none of its namespaces is declared"),
        ({"flows": [{"to": {"namespace": "s"}, "ports": [0]}]}, "go from 1 to 65535"),
        ({"flows": [{"to": {"namespace": "s"}, "ports": ["90-80"]}]}, "no range of ports"),
        ({"flows": [{"to": {"namespace": "s"}, "ports": ["80/ICMP"]}]}, "none of TCP, UDP, SCTP"),
        ({"flows": [{"to": {"namespace": "s"}, "ports": ["a b"]}]}, "is no port such as"),
        ({"exemptions": [{"namespace": "a", "pods": {"a": "b"}}]}, "is not declared"),
        ({"exemptions": [{"namespace": "s", "pods": {}}]}, "must name labels"),
        (
            {"flows": [{"name": "x", "to": {"namespace": "s"}, "ports": [port]} for port in (1, 2)]},
            "names of their own",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(declaration: dict[str, Any], said: str) -> None:
    declaration.setdefault("namespaces", [{"name": "s"}])
    with pytest.raises(K8sError, match=said) as caught:
        network_policies(declaration)
    assert len(str(caught.value)) < 300


SIDES = st.one_of(
    st.fixed_dictionaries(
        {"namespace": st.sampled_from(["shop", "blog"])},
        optional={"pods": st.sampled_from([{"app": "web"}, {"app": "db"}])},
    ),
    st.just({"cidr": "198.51.100.0/24"}),
)
FLOWS = st.builds(flow, SIDES, SIDES, st.sampled_from([80, 443]))


def is_side(side: dict[str, Any], end: Endpoint) -> bool:
    if "cidr" in side:
        return end is INTERNET
    return bool(side["namespace"] == end.namespace) and side.get("pods", {}).items() <= end.labels.items()


@settings(max_examples=150, deadline=None)
@given(st.lists(FLOWS, max_size=3), st.sampled_from([80, 443]))
def test_exactly_the_declared_flows_pass(flows: list[dict[str, Any]], port: int) -> None:
    flows = [each for each in flows if "namespace" in each["from"] or "namespace" in each["to"]]
    traffic = covered("shop", "blog", flows=flows).traffic
    ends = (WEB, DB, BLOG, INTERNET)
    for source in ends:
        for target in ends:
            if source is not target and not (source is INTERNET and target is INTERNET):
                declared = any(
                    is_side(each["from"], source) and is_side(each["to"], target) and port in each["ports"]
                    for each in flows
                )
                assert traffic.allowed(source, target, port) == declared

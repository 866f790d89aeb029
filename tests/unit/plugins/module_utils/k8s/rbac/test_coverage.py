# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether rules grant what another rule grants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.coverage import uncovered
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request, Rule, rule_from
from tests.unit.plugins.module_utils.k8s.rbac.manifests import rule


def _rule(verbs: str, resources: str, group: str = "", names: str = "") -> Rule:
    return rule_from(rule(verbs, resources, group, names), "here")


@pytest.mark.parametrize(
    ("wanted", "owned", "missing"),
    [
        (_rule("get", "pods"), [_rule("get,list", "pods,nodes")], []),
        (_rule("get", "pods"), [_rule("*", "*", "*")], []),
        (_rule("get", "pods/log"), [_rule("get", "*/log")], []),
        (_rule("get", "pods/log"), [_rule("get", "pods/*")], [_rule("get", "pods/log")]),
        (_rule("get,list", "pods"), [_rule("get", "pods"), _rule("list", "pods")], []),
        (_rule("get,list", "pods"), [_rule("get", "pods")], [_rule("list", "pods")]),
        (_rule("*", "pods"), [_rule("get,list", "pods")], [_rule("*", "pods")]),
        (_rule("get", "pods", names="a"), [_rule("get", "pods")], []),
        (_rule("get", "pods"), [_rule("get", "pods", names="a")], [_rule("get", "pods")]),
        (_rule("get", "pods", names="a,b"), [_rule("get", "pods", names="a")], [_rule("get", "pods", names="b")]),
        (_rule("get", "pods", "apps"), [_rule("get", "pods")], [_rule("get", "pods", "apps")]),
        (Rule(("get",), urls=("/api/x",)), [Rule(("get",), urls=("/api/*",))], []),
        (Rule(("get",), urls=("/a", "/b")), [Rule(("get",), urls=("/a",))], [Rule(("get",), urls=("/b",))]),
        (Rule(("get",), urls=("/a",)), [_rule("*", "*", "*")], [Rule(("get",), urls=("/a",))]),
    ],
)
def test_what_is_missing(wanted: Rule, owned: list[Rule], missing: list[Rule]) -> None:
    assert uncovered(wanted, owned) == missing


def test_a_rule_that_multiplies_beyond_reason_is_not_taken_apart() -> None:
    many = tuple(f"r{number}" for number in range(3000))
    huge = Rule(("get", "list", "watch", "delete"), ("",), many)
    assert uncovered(huge, [Rule(("get",), ("",), many)]) == [huge]


WORDS = st.lists(st.sampled_from(["get", "list", "*"]), min_size=1, max_size=2, unique=True).map(tuple)
NAMES = st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True).map(tuple)
THINGS = st.lists(st.sampled_from(["pods", "nodes", "pods/log", "*/log", "*"]), min_size=1, max_size=2).map(tuple)
RULES = st.builds(Rule, WORDS, st.just(("",)), THINGS, NAMES)


@given(RULES, st.lists(RULES, max_size=3))
def test_what_is_covered_allows_nothing_more(wanted: Rule, owned: list[Rule]) -> None:
    """Where nothing is missing, each request that the rule allows is allowed by the others."""
    if uncovered(wanted, owned):
        return
    for verb in ("get", "list", "delete"):
        for resource, subresource in (("pods", ""), ("pods", "log"), ("nodes", ""), ("nodes", "log"), ("other", "")):
            for name in ("", "a", "b"):
                request = Request(verb, resource, "", subresource, name)
                assert not wanted.allows(request) or any(own.allows(request) for own in owned)

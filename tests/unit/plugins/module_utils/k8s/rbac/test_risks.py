# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A risk is found in a rule exactly where the rule allows one of the requests that make the risk."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.risk_table import GRANTS, Grant
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.risks import judge
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request, Rule

EVERY = [grant for grants in GRANTS.values() for grant in grants]
VERBS = sorted({verb for grant in EVERY for verb in grant.verbs} | {"*", "Get", ""})
GROUPS = sorted({group for grant in EVERY for group in grant.groups} | {"*", "metrics.k8s.io"})
RESOURCES = sorted(
    {resource for grant in EVERY for resource in grant.resources if "*" not in resource}
    | {"*", "*/exec", "*/token", "pods/*", "userextras/scopes", "widgets", "Pods", "*/*", "services"}
)
RULES = st.builds(
    Rule,
    st.lists(st.sampled_from(VERBS), min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from(GROUPS), min_size=1, max_size=2).map(tuple),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from(["coredns", "x"]), max_size=1).map(tuple),
)


def _requests(grant: Grant, rule: Rule) -> Iterator[Request]:
    """What somebody could ask for, to do harm: of any object, or of those that the rule and the grant name."""
    resources = [name for name in grant.resources if "*" not in name]
    resources += ["userextras/scopes"] if "userextras/*" in grant.resources else []
    resources += ["widgets"] if "*" in grant.resources else []
    names = [name for name in rule.names if grant.names is True or (grant.names and name in grant.names)]
    for verb, group, combined, name in itertools.product(grant.verbs, grant.groups, resources, ["", *names]):
        resource, _slash, subresource = combined.partition("/")
        if not name or subresource or verb not in ("create", "deletecollection"):
            yield Request(verb, resource, group, subresource, name)


def _told(grant: Grant, rule: Rule) -> bool:
    """Any resource of a group is meant by some grants, whatever it is called."""
    if "*" in grant.resources:
        named = any(name not in ("", "*/*", "pods/*") for name in rule.resources)
        return named and any(rule.has_verb(verb) for verb in grant.verbs) and any(map(rule.has_group, grant.groups))
    return any(rule.allows(request) for request in _requests(grant, rule))


@given(RULES)
def test_risks_of_a_rule_are_what_it_allows(rule: Rule) -> None:
    everything = {"*"} <= set(rule.verbs) & set(rule.groups) & set(rule.resources) and not rule.names
    found = {hit.risk for hit in judge([(0, rule)])}
    if everything:
        assert found == {"wildcard_all"}
        return
    for risk, grants in GRANTS.items():
        definite = [grant for grant in grants if "*" not in grant.resources]
        if any(_told(grant, rule) for grant in definite):
            assert risk in found
        elif len(definite) == len(grants):
            assert risk not in found


@given(RULES)
def test_what_is_left_instead_allows_less_and_is_no_risk_of_that_kind(rule: Rule) -> None:
    for hit in judge([(0, rule)]):
        if hit.instead is None:
            continue
        for request in (request for grant in GRANTS.get(hit.risk, ()) for request in _requests(grant, rule)):
            left = any(kept.allows(request) for kept in hit.instead)
            assert not left or rule.allows(request)
        for request in _requests(hit.grant, rule):
            assert not any(kept.allows(request) for kept in hit.instead)

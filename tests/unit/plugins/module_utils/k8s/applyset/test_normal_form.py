# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which a declared object is sent."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.normal_form import normal_form

_AGGREGATED = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}


def _object(kind: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, **fields}


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        ({"port": 80}, {"port": 80, "protocol": "TCP"}),
        ({"port": 80, "protocol": None}, {"port": 80, "protocol": "TCP"}),
        ({"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "UDP"}),
        ("80", "80"),
    ],
)
def test_the_ports_of_a_service_have_a_protocol(declared: Any, sent: Any) -> None:
    """The server's own default, which its server-side apply does not know everywhere; nonsense is left to it."""
    item = _object("Service", spec={"ports": [declared]})
    before = copy.deepcopy(item)
    assert normal_form("x", item)["spec"]["ports"] == [sent]
    assert item == before, "the caller's own object is left alone"


@pytest.mark.parametrize("spec", [None, {}, {"ports": None}, {"ports": {}}, []])
def test_a_service_without_ports_is_sent_as_it_is(spec: Any) -> None:
    """An ExternalName has none."""
    assert normal_form("x", _object("Service", spec=spec)) == _object("Service", spec=spec)


@pytest.mark.parametrize("rules", [[], None])
def test_no_rules_of_an_aggregated_role_are_claimed(rules: Any) -> None:
    """They are the controller's, and an empty list in a manifest only says so."""
    assert "rules" not in normal_form("x", _object("ClusterRole", aggregationRule=_AGGREGATED, rules=rules))


def test_rules_that_somebody_means_are_sent() -> None:
    """Of a plain role, an empty list takes all rules away."""
    assert normal_form("x", _object("ClusterRole", rules=[]))["rules"] == []
    assert normal_form("x", _object("ClusterRole", aggregationRule=_AGGREGATED, rules=[{}]))["rules"] == [{}]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter passes on what it is given, and says in a sentence what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.rbac_objects import FilterModule

TEAM = {"name": "shop", "subjects": ["Group:devs"], "namespaces": ["shop"], "profiles": ["own"]}
OWN = {"own": [{"verbs": ["*"], "api_groups": [""], "resources": ["pods"]}]}
rbac_objects = FilterModule().filters()["rbac_objects"]


def test_objects() -> None:
    objects = rbac_objects([TEAM], profiles=OWN, allow_wildcards=True, prefix="lab")
    assert [item["metadata"]["name"] for item in objects] == ["lab:own", "lab:shop:own"]


@pytest.mark.parametrize(
    ("teams", "profiles", "message"),
    [
        ([TEAM], OWN, "rbac_objects: profile own, rule 0: .* is a wildcard"),
        ([TEAM], None, "rbac_objects: team shop: there is no 'own' among the profiles"),
        ({"shop": TEAM}, None, "rbac_objects: the teams are a list"),
        ([TEAM], [OWN], "rbac_objects: the teams are a list, and profiles a dictionary"),
    ],
)
def test_what_is_wrong(teams: Any, profiles: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        rbac_objects(teams, profiles=profiles)

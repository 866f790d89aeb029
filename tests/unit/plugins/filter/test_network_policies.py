# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter, on plain values and on values as a play has them."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader

from ansible_collections.bulkhead.container_security.plugins.filter.network_policies import FilterModule

network_policies = FilterModule().filters()["network_policies"]


def test_policies_are_plain_values() -> None:
    declaration = DataLoader().load("namespaces: [{name: shop}]\nflows: [{to: {namespace: shop}, ports: [80]}]")
    made = network_policies(declaration)
    assert [each["spec"]["policyTypes"] for each in made] == [["Ingress"], ["Egress"], ["Ingress", "Egress"]]
    # A tagged text of Ansible's is a kind of text, too, and no serializer knows it.
    assert made[0]["metadata"]["namespace"].__class__ is str


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ({"namespaces": [{"name": "a"}, {"name": "a"}]}, "declared twice"),
        ({"namespaces": [{}]}, "'name' is missing"),
        ({"flows": [{}]}, "needs from or to"),
    ],
)
def test_what_cannot_be_meant(declaration: object, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        network_policies(declaration)

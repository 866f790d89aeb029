# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pod's spec says of its limits."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.pod_spec import pod_spec_facts


@pytest.mark.parametrize(("limits", "bounded"), [({"memory": "64Mi"}, True), ({"memory": "0"}, False), ({}, False)])
def test_a_limit_of_zero_is_none(limits: dict[str, str], bounded: bool) -> None:
    facts = pod_spec_facts({"containers": [{"name": "main", "image": "a", "resources": {"limits": limits}}]})
    assert facts["no_memory_limit"] == ([] if bounded else ["main"])

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule tells about its parameters."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Parameter, Rule


def test_a_parameter_is_found_in_any_case_and_a_missing_one_is_none() -> None:
    rule = Rule("dockerfile", "exposed_ports", "STOP", (Parameter("Ports", "22"),))
    assert rule.value("ports") == "22"
    assert rule.value("type") is None

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Falco that rules are for."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine


def test_sources_are_those_of_the_plugins() -> None:
    assert Engine(plugins={}).sources() == {"syscall"}
    assert Engine(plugins={"json": "", "k8saudit-gke": ""}).sources() == {"syscall", "k8s_audit"}
    assert {"syscall", "k8s_audit", "aws_cloudtrail", "okta", "github"} <= Engine().sources()


def test_a_version_has_its_grammar() -> None:
    assert Engine().grammar.engine == (0, 58, 0)
    assert "getopt" in Engine("0.44").grammar.transformers

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files require of Falco."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from tests.unit.plugins.module_utils.falco.rules.rule_cases import errors


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("0.50.0", ""),
        ("0.58.0", ""),
        ("15", ""),
        ("0.58.1", "requires engine 0.58.1, but that of Falco 0.43 is 0.58.0"),
        ("1.0.0", "requires engine 1.0.0"),
        ("99", "requires engine 0.99.0"),
        ("0.58", "not of the form x.y.z"),
        ("newest", "not of the form x.y.z"),
        ("[]", "is no text"),
    ],
)
def test_versions_of_the_engine(version: str, says: str) -> None:
    said = errors(f"- required_engine_version: {version}\n")
    assert says in said
    assert bool(said) == bool(says)


def test_a_newer_falco_has_a_newer_engine() -> None:
    assert errors("- required_engine_version: 0.60.0\n", engine=Engine("0.44")) == ""


@pytest.mark.parametrize(
    ("plugins", "says"),
    [
        ("[{name: container, version: 0.4.0}]", ""),
        ("[{name: container, version: 0.4.2}]", "requires the plugin container 0.4.2"),
        ("[{name: container, version: 1.0.0}]", "requires the plugin container 1.0.0"),
        ("[{name: json, version: 9.9.9}]", ""),
        ("[{name: k8saudit, version: 0.1.0}]", "requires the plugin k8saudit 0.1.0, which this Falco does not load"),
        ("[{name: k8saudit, version: 0.1.0, alternatives: [{name: json, version: 0.1.0}]}]", ""),
        ("[{name: json, version: 0.1.0, alternatives: [{name: json, version: 0.1.0}]}]", "stands twice"),
        ("[{name: json, version: 0.1.0, alternatives: {}}]", "'alternatives' is no list"),
        ("[{name: json}]", "'version' is missing"),
        ("[{version: 0.1.0}]", "'name' is missing"),
        ("[{name: json, version: new}]", "version new of the plugin json"),
        ("[json]", "a mapping of 'name' and 'version'"),
        ("json", "is no list"),
    ],
)
def test_plugins(plugins: str, says: str) -> None:
    engine = Engine(plugins={"container": "0.4.1", "json": ""})
    said = errors(f"- required_plugin_versions: {plugins}\n", engine=engine)
    assert says in said
    assert bool(said) == bool(says)

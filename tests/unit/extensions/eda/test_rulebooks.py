# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks and the plugins agree: arguments exist, and what is said of them is so."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.extensions.eda.plugins.event_filter import falco_alert
from ansible_collections.bulkhead.container_security.extensions.eda.plugins.event_source import nats_jetstream

_RULEBOOKS = Path(__file__).parents[4] / "extensions" / "eda" / "rulebooks"
_SOURCE = "bulkhead.container_security.nats_jetstream"
_LEAST = {"servers": ["nats://127.0.0.1:4222"], "stream": "FALCO", "consumer": "rulebook"}


def _rulebook(name: str) -> dict[str, Any]:
    (ruleset,) = yaml.safe_load((_RULEBOOKS / name).read_text())
    found: dict[str, Any] = ruleset
    return found


def _options(plugin: ModuleType) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(plugin.DOCUMENTATION)["options"]
    return found


def test_the_persistent_rulebook_is_the_other_one_with_feedback() -> None:
    persistent, plain = _rulebook("respond_persistent.yml"), _rulebook("respond.yml")
    assert persistent["sources"][0][_SOURCE].pop("feedback") is True
    assert persistent == plain


def test_the_rulebook_knows_the_arguments_of_the_source() -> None:
    given = _rulebook("respond.yml")["sources"][0][_SOURCE]
    assert set(given) <= set(_options(nats_jetstream))


def test_the_documented_arguments_of_the_source_are_those_that_it_takes() -> None:
    options = _options(nats_jetstream)
    assert set(options) == set(nats_jetstream._KNOWN)
    defaults = {name: option["default"] for name, option in options.items() if "default" in option}
    assert nats_jetstream.checked(_LEAST) == {**_LEAST, **defaults}
    assert {name for name, option in options.items() if option.get("required")} == set(_LEAST)


def test_the_documented_arguments_of_the_filter_are_those_that_it_takes() -> None:
    taken = dict(inspect.signature(falco_alert.main).parameters)
    del taken["event"]
    documented = {name: option.get("default") for name, option in _options(falco_alert).items()}
    assert {name: parameter.default for name, parameter in taken.items()} == documented


@pytest.mark.parametrize("plugin", [nats_jetstream, falco_alert])
def test_examples_use_arguments_that_exist(plugin: ModuleType) -> None:
    for source in yaml.safe_load(plugin.EXAMPLES):
        assert set(source.get(_SOURCE, {})) <= set(_options(nats_jetstream))
        for row in source["filters"]:
            assert set(row["bulkhead.container_security.falco_alert"] or {}) <= set(_options(falco_alert))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields in outputs."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import GRAMMARS, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import FieldTable
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.output import (
    deprecated_items,
    output_errors,
)

_TABLE = FieldTable(Engine(), "syscall")


def wrong(text: str) -> list[str]:
    return [error.message for error in output_errors(text, _TABLE, GRAMMARS["0.43"])]


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "%proc.name",
        "user=%user.name, (%proc.pid) %proc.cmdline.",
        "%proc.aname[2] %proc.name[not an argument]",
        "%evt.arg.flags %evt.arg[1] %evt.rawarg.size",
        "%proc.namespace",
        "%10proc.name|",
        "%toupper(proc.name) %tolower(toupper(proc.name))x",
        "%container.mount[/etc] %k8s.pod.label[app]",
        "%container.info",
        "*%proc.name",
        "%thread.cgroup.cpu %evt.abspath.src",
    ],
)
def test_good_outputs(text: str) -> None:
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("100%", "cannot end with a %"),
        ("%10", "cannot end with a number"),
        ("100% sure", "no field % "),
        ("50%% sure", "no field %%"),
        ("%proc.nam", "no field %proc.nam"),
        ("%proc", "no field %proc"),
        ("%fd.ip", "fd.ip is for conditions only"),
        ("%k8s.pod.label", "requires an argument"),
        ("%toupper(proc.name", "that ends toupper("),
        ("%toupper(proc.pid)", "toupper() does not take proc.pid"),
        ("%evt.arg", "evt.arg needs an argument"),
        ("%evt.arg.nosuch", "evt.arg needs an argument"),
    ],
)
def test_bad_outputs(text: str, says: str) -> None:
    assert says in "; ".join(wrong(text))


def test_every_wrong_field_is_told_with_its_place() -> None:
    text = "%proc.nam and %fd.nme"
    found = list(output_errors(text, _TABLE, GRAMMARS["0.43"]))
    assert [error.offset for error in found] == [0, 14]
    assert [error.suggestion for error in found] == ["did you mean proc.name?", "did you mean fd.name?"]


def test_the_plugin_of_a_field_of_another_source_is_named() -> None:
    error = next(output_errors("%ka.verb", _TABLE, GRAMMARS["0.43"]))
    assert "plugin k8saudit" in error.suggestion


def test_deprecated_fields() -> None:
    found = dict(deprecated_items("a %evt.dir %container.info %evt.latency.ns"))
    assert sorted(found) == [2, 11, 27]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fields there are, for which source, and with which arguments."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import FieldTable
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError

_SYSCALL = FieldTable(Engine(), "syscall")


@pytest.mark.parametrize(
    ("name", "arg", "kind"),
    [
        ("proc.name", None, "CHARBUF"),
        ("proc.pid", None, "INT64"),
        ("proc.aname", None, "CHARBUF"),
        ("proc.aname", "3", "CHARBUF"),
        ("proc.env", "HOME", "CHARBUF"),
        ("evt.arg", "0", "CHARBUF"),
        ("evt.arg.flags", None, "CHARBUF"),
        ("evt.rawarg.size", None, "UINT32"),
        ("evt.rawarg.fd", None, "FD"),
        ("evt.abspath.src", None, "CHARBUF"),
        ("evt.type.is.open", None, "UINT32"),
        ("evt.around", "1404996934793590564", "UINT64"),
        ("thread.cgroup.cpu_acct", None, "CHARBUF"),
        ("fd.types", "2", "CHARBUF"),
        ("container.mount", "/etc", "CHARBUF"),
        ("container.privileged", None, "BOOL"),
        ("k8s.pod.label", "app", "CHARBUF"),
        ("proc.is_container_healthcheck", None, "BOOL"),
        ("json.value", "/a/b", "CHARBUF"),
    ],
)
def test_fields_of_system_calls(name: str, arg: str | None, kind: str) -> None:
    assert _SYSCALL.resolve(name, arg).type == kind


@pytest.mark.parametrize(
    ("name", "arg", "says", "hint"),
    [
        ("proc.nam", None, "no field proc.nam for the source syscall", "did you mean proc.name?"),
        ("proc.name", "1", r"no field proc.name\[1\]", "proc.name takes no argument"),
        ("proc.aname", "x", r"no field proc.aname\[x\]", "the argument of proc.aname is a number"),
        ("evt.arg", None, "evt.arg needs an argument", ""),
        ("evt.arg.flag", None, "no event has the argument flag", "did you mean flags?"),
        ("evt.rawarg", "1", "evt.rawarg needs a name", ""),
        ("evt.rawarg.sizes", None, "no event has the argument sizes", "did you mean size?"),
        ("evt.around", None, "evt.around needs a time", ""),
        ("evt.abspath.x", None, "no field evt.abspath.x", ""),
        ("evt.type.is.opn", None, "no field evt.type.is.opn", ""),
        ("thread.cgroup", None, "no field thread.cgroup", ""),
        ("container.id", "1", "takes no argument", ""),
        ("k8s.pod.label", None, "requires an argument", ""),
        (
            "ka.verb",
            None,
            "no field ka.verb",
            "it belongs to plugin k8saudit, which reads events of the source k8s_audit",
        ),
    ],
)
def test_what_is_no_field(name: str, arg: str | None, says: str, hint: str) -> None:
    with pytest.raises(RulesError, match=says) as refused:
        _SYSCALL.resolve(name, arg)
    assert hint in refused.value.suggestion


def test_a_source_has_the_fields_of_its_plugins() -> None:
    audit = FieldTable(Engine(), "k8s_audit")
    assert audit.resolve("ka.user.groups", None).is_list
    assert audit.resolve("ka.req.pod.containers.image", "0").is_list
    with pytest.raises(RulesError, match="must be a number"):
        audit.resolve("ka.req.pod.containers.image", "first")
    with pytest.raises(RulesError):
        audit.resolve("container.id", None)


def test_plugins_that_are_not_loaded_bring_nothing() -> None:
    bare = FieldTable(Engine(plugins={}), "syscall")
    assert bare.resolve("proc.name", None).type == "CHARBUF"
    with pytest.raises(RulesError, match=r"container\.id"):
        bare.resolve("container.id", None)
    assert "krsi_open" in _SYSCALL.event_types
    assert "krsi_open" not in bare.event_types


def test_k8saudit_reads_what_its_siblings_bring() -> None:
    assert FieldTable(Engine(plugins={"k8saudit-eks": ""}), "k8s_audit").resolve("ka.verb", None).type == "CHARBUF"

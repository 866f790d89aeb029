# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our verdict on conditions beside that of a real engine: sysdig compiles them with an older version of Falco's.

The older engine knows fewer fields and operators and is laxer in places (it takes `proc.name =` and compares a number
by `contains`), so conditions are made of what both know, and are broken in ways that both must see.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.check import check_rules

_SYSDIG = shutil.which("sysdig")
pytestmark = pytest.mark.skipif(_SYSDIG is None, reason="needs sysdig (Debian: sysdig)")

_TEXTS = (
    *("proc.name", "proc.pname", "proc.cmdline", "proc.exepath", "proc.aname[2]", "proc.aname", "fd.name", "user.name"),
    *("fd.directory", "container.id", "container.image.repository", "k8s.ns.name", "k8s.pod.name", "evt.arg.flags"),
    *("evt.arg[0]", "evt.args", "evt.abspath", "fd.typechar", "group.name", "thread.cgroup.cpu", "proc.tty"),
)
_NUMBERS = ("proc.pid", "proc.ppid", "proc.vpid", "fd.num", "user.uid", "evt.rawres", "evt.num", "proc.apid[1]")
_PORTS = ("fd.sport", "fd.cport", "fd.port", "fd.lport", "fd.rport")
_ADDRESSES = ("fd.sip", "fd.cip", "fd.ip", "fd.lip", "fd.rip")
_NETS = ("fd.net", "fd.snet", "fd.cnet")
_TRUTHS = (
    "evt.is_io",
    "evt.is_io_read",
    "container.privileged",
    "fd.is_server",
    "evt.is_open_write",
    "proc.is_exe_writable",
)
_EVENTS = ("open", "openat", "execve", "connect", "accept", "clone", "setuid", "unlinkat", "rename", "container")

_bare = st.text("abcdefghijklmnopqrstuvwxyz0123456789_./-", min_size=1, max_size=12)
_quoted = st.text("abc xyz()=<>,/._-", min_size=1, max_size=12).map(lambda text: f'"{text}"')
_number = st.integers(0, 2**31 - 1).map(str)
_address = st.ip_addresses(v=4).map(str)
_net = st.builds("{}/{}".format, _address, st.integers(1, 32))
_blank = st.sampled_from([" ", "  ", "\n", "\t"])


def _listed(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map(lambda found: f"({', '.join(found)})")


def _check(
    fields: tuple[str, ...], operators: tuple[str, ...], values: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    names, several = st.sampled_from(fields), _listed(values)
    return st.builds("{} {} {}".format, names, st.sampled_from(operators), values) | st.builds(
        "{} in {}".format, names, several
    )


_good = st.one_of(
    _check(
        tuple(name for name in _TEXTS if name != "proc.tty"),
        ("=", "!=", "contains", "icontains", "startswith", "endswith", "glob"),
        _bare | _quoted,
    ),
    _check(_NUMBERS, ("=", "!=", "<", "<=", ">", ">="), _number),
    _check(_PORTS, ("=", "!="), st.integers(0, 65535).map(str) | st.sampled_from(["http", "ssh"])),
    # The newer grammar takes only numbers here.
    _check(_PORTS, ("<", ">="), st.integers(0, 65535).map(str)),
    _check(_ADDRESSES, ("=", "!="), _address),
    _check(_NETS, ("=", "!="), _net),
    _check(_TRUTHS, ("=", "!="), st.sampled_from(["true", "false"])),
    _check(("evt.type",), ("=", "!="), st.sampled_from(_EVENTS)),
    st.sampled_from(_TEXTS + _NUMBERS).map("{} exists".format),
    st.sampled_from(["proc.name", "fd.name"]).map("{} pmatch (/etc, /usr/bin)".format),
)
_bad = st.one_of(
    # What does not exist: fields, arguments, event types, operators, macros.
    st.sampled_from(["proc.nam = a", "evt.typ = open", "container.idd = a", "fd.namee contains a", "procname = a"]),
    st.sampled_from(
        ["proc.aname[x] = a", "proc.name[1] = a", "evt.arg = a", "evt.arg.nosuch = a", "thread.cgroup = a"]
    ),
    st.sampled_from(["evt.type = opn", "evt.type in (open, execv)", "evt.type in (proc.name)", "spawned_process"]),
    st.sampled_from(["proc.name equals a", "proc.name", "proc.pid =< 3", "proc.name endwith a", "proc.name ~ a"]),
    # Values of the wrong kind.
    st.builds("{} = {}".format, st.sampled_from(_NUMBERS), st.sampled_from(["abc", "1x", "0x1f", "1.5", "'1 2'"])),
    st.builds("{} = {}".format, st.sampled_from(_PORTS), st.sampled_from(["no-such-service", "80x"])),
    st.builds(
        "{} = {}".format, st.sampled_from(_ADDRESSES), st.sampled_from(["1.2.3", "256.1.1.1", "host", "1.2.3.4/8"])
    ),
    st.builds("{} = {}".format, st.sampled_from(_NETS), st.sampled_from(["10.0.0.0", "10.0.0.0/33", "10.0/8"])),
    st.builds("{} = {}".format, st.sampled_from(_TRUTHS), st.sampled_from(["yes", "1", "True"])),
    # Grammar.
    st.sampled_from(["(proc.name = a", "proc.name = 'a", 'proc.name = "a', "proc.name in (a b)", "proc.name in (a"]),
    st.sampled_from(["proc.name = a proc.pid = 1", "proc.name = a b", "proc.name in a,b", "fd.net in 10.0.0.0/8"]),
)


def _nested(checks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        checks,
        lambda inner: st.one_of(
            # The older engine takes no `and` beside an `or` without parentheses.
            st.builds("({}){}and{}({})".format, inner, _blank, _blank, inner),
            st.builds("({}) or ({})".format, inner, inner),
            inner.map("not ({})".format),
            inner.map("({})".format),
        ),
        max_leaves=5,
    )


def _engine(condition: str) -> str:
    """What sysdig says against a condition, or nothing. It compiles the condition, then fails to read /dev/null."""
    assert _SYSDIG is not None
    said = subprocess.run(
        [_SYSDIG, "-r", "/dev/null", condition], capture_output=True, text=True, timeout=120, check=False
    ).stderr
    if "error reading from file" in said:
        return ""
    assert "filter error" in said, f"sysdig says neither that it took {condition!r} nor that it did not: {said}"
    return said.strip()


def _ours(condition: str) -> str:
    """What we say against it."""
    text = condition.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    rule = f'- rule: one\n  desc: one\n  priority: INFO\n  output: one\n  condition: "{text}"\n'
    return "; ".join(str(issue) for issue in check_rules([("rules.yaml", rule)]).errors)


_settings = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@_settings
@given(_nested(_good))
def test_what_the_engine_compiles_we_accept(condition: str) -> None:
    assert _engine(condition) == ""
    assert _ours(condition) == ""


@_settings
@given(
    _bad,
    _nested(_good),
    st.sampled_from(["{bad}", "({good}) and {bad}", "{bad} or ({good})", "({good}) and not ({bad})"]),
)
def test_what_the_engine_refuses_we_refuse_with_a_reason(bad: str, good: str, shape: str) -> None:
    condition = shape.format(bad=bad, good=good)
    assert _engine(condition) != ""
    assert _ours(condition) != ""

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of a shell line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.shell import commands


def _told(text: str) -> list[tuple[str, str]]:
    return [(command.before, command.program) for command in commands(text)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a && b || c; d & e\nf", [("", "a"), ("&&", "b"), ("||", "c"), (";", "d"), ("&", "e"), ("\n", "f")]),
        ("a | b", [("", "a"), ("|", "b")]),
        ("a >/dev/null 2>&1 && b", [("", "a"), ("&&", "b")]),
        ("a &>/x", [("", "a")]),
        ("echo 'a && b' \"c; d\" e\\;f", [("", "echo")]),
        ("if true; then /usr/bin/a; fi", [("", "true"), (";", "a"), (";", "fi")]),
        ("(a; b) | c", [("(", "a"), (";", "b"), ("|", "c")]),
        ("A=1 B='x y' a", [("", "a")]),
        ("A=1", [("", "")]),
        ("a # b; c\nd", [("", "a"), ("\n", "d")]),
        ("a b#c", [("", "a")]),
        ("echo `a b`", [("", "echo"), ("`", "a")]),
        ("", []),
        ("'unclosed", [("", "unclosed")]),
    ],
)
def test_commands_and_what_stands_before_them(text: str, told: list[tuple[str, str]]) -> None:
    assert sorted(_told(text)) == sorted(told)


def test_substitutions_know_whose_words_they_are() -> None:
    inner, outer = commands("eval $(curl x) y")
    assert (inner.program, inner.before, inner.parent) == ("curl", "$(", "eval")
    assert (outer.program, outer.words) == ("eval", ["y"])
    shell, fetcher, _again = commands('sh -c "$(curl x)"')
    assert (shell.program, fetcher.program, fetcher.parent) == ("sh", "curl", "sh")


def test_sudo_is_seen_through() -> None:
    (command,) = commands("sudo -E -u root A=1 /usr/bin/apt-get -y install a")
    assert (command.sudo, command.program, command.assignments) == (True, "apt-get", ["A=1"])
    assert (command.flags, command.operands) == (["-y"], ["install", "a"])


def test_what_a_shell_is_given_is_read() -> None:
    assert [command.program for command in commands("bash -c 'a && b'")] == ["bash", "a", "b"]


def test_options() -> None:
    (command,) = commands("curl -fsSkL --insecure=yes --max-time 5")
    assert command.has("k")
    assert command.has("", "--insecure")
    assert not command.has("x", "--compressed")


def test_nesting_has_an_end() -> None:
    assert len(commands("sh -c '" * 50 + "a")) < 60
    assert commands("$(" * 3000) == []


@given(st.text(st.sampled_from("ab $()`'\"\\|&;#<>{}=\n"), max_size=60))
def test_any_text_is_read(text: str) -> None:
    for command in commands(text):
        assert isinstance(command.program, str)

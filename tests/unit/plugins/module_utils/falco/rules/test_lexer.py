# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quoted texts, with the escapes that Falco has."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.lexer import Lexer


def quoted(text: str, *, hex_escapes: bool = False) -> str | None:
    return Lexer(text, hex_escapes=hex_escapes).quoted()


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("'a b'", "a b"),
        ('"a\'b"', "a'b"),
        ("''", ""),
        (r'"a\"b"', 'a"b'),
        (r"'a\'b'", "a'b"),
        (r"'\\d'", r"\d"),
        (r"'\n\t\/'", "\n\t/"),
        (r"'a\ b'", "a\\b"),
        ("'a", None),
        (r"'a\'", None),
        (r"'a\\'", None),
        ("a", None),
    ],
)
def test_quoted_texts(text: str, content: str | None) -> None:
    assert quoted(text) == content


@pytest.mark.parametrize(
    ("text", "reason"),
    [(r"'\d'", "no escape that Falco knows"), (r"""'\"'""", "quoted with '"), (r"'\x41'", "no escape that Falco")],
)
def test_escapes_that_falco_does_not_have(text: str, reason: str) -> None:
    with pytest.raises(RulesError, match=reason) as refused:
        quoted(text)
    assert refused.value.offset == 1


def test_hex_escapes_came_with_044() -> None:
    assert quoted(r"'\x41b'", hex_escapes=True) == "Ab"
    with pytest.raises(RulesError, match="two hex digits"):
        quoted(r"'\x4'", hex_escapes=True)


def test_a_token_is_taken_only_where_the_cursor_is() -> None:
    lexer = Lexer(" \t\n\r\ba", hex_escapes=False)
    assert not lexer.word("a")
    assert lexer.blank()
    assert not lexer.blank()
    assert lexer.word("a")
    assert lexer.at == len(lexer.text)

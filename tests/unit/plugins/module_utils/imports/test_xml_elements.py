# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML in pieces: what is asked for, in little memory, and nothing that attacks a parser."""

from __future__ import annotations

import contextlib
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import Source
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.xml_elements import (
    elements,
    root_name,
)
from tests.unit.plugins.module_utils.imports.report_files import written

LAUGHS = """<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><r>&c;</r>"""
OUTSIDE = """<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>"""


def source(folder: Path, content: str | bytes) -> Source:
    return Source(written(folder, content, "report.xml"), 2**30)


def test_elements_come_with_what_is_in_them(tmp_path: Path) -> None:
    text = '<a xmlns="urn:x"><b i="1">one <i>two</i>, three<c>4</c></b><d/><b><b>inner</b></b></a>'
    first, opened, second = elements(source(tmp_path, text), ("b",), ("d",))
    assert (first.name, first.attributes, first.text()) == ("b", {"i": "1"}, "one two, three4")
    assert (first.text_of("c"), first.text_of("none")) == ("4", "")
    assert opened.name == "d"
    assert second.text_of("b") == "inner"


def test_the_outermost_element_has_a_name(tmp_path: Path) -> None:
    assert root_name(source(tmp_path, '<?xml version="1.0"?><x:a xmlns:x="urn:x"/>')) == "a"


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE, '<!DOCTYPE r SYSTEM "http://example.com/r.dtd"><r/>'])
def test_a_document_type_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ImportFault, match="declares a document type"):
        list(elements(source(tmp_path, text), ("r",), ()))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<a>" * 100_000, "nested too deeply"),
        (f'<a b="{"x" * 6_000_000}"/>', "is longer than 4 MiB"),
        (f"<a><!--{'x' * 6_000_000}--></a>", "is longer than 4 MiB"),
        (f"<b>{'<c/>' * 30_000}</b>", "holds more than 20000 elements"),
        ('<?xml version="1.0" encoding="no-such"?><a/>', "no-such|unknown encoding"),
        ("<a>&undefined;</a>", "undefined entity"),
        ("<a><b></a>", "mismatched tag"),
        ("<a", "it is not XML"),
        ("", "no element found"),
    ],
    ids=range(9),
)
def test_what_attacks_or_is_damaged_is_refused_in_a_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ImportFault, match=told):
        list(elements(source(tmp_path, text), ("b",), ()))


def test_a_long_text_is_not_kept(tmp_path: Path) -> None:
    long = source(tmp_path, f"<a><b>{'x ' * 8_000_000}</b></a>")
    tracemalloc.start()
    (found,) = elements(long, ("b",), ())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.text()) < 2**20
    assert peak < 8 * 2**20


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_nothing_but_a_sentence_comes_of_anything(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    given_source = source(tmp_path_factory.getbasetemp(), b"<a>" + content)
    # Anything else that is raised fails the test.
    with contextlib.suppress(ImportFault):
        list(elements(given_source, ("b",), ("a",)))

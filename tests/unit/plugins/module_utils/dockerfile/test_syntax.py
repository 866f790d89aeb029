# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dockerfiles as instructions, by the grammar of BuildKit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.syntax import (
    LONGEST_LINE,
    Instruction,
    heredocs_of,
    parse,
    split,
)


def _only(text: str) -> Instruction:
    (instruction,) = parse(text, "Dockerfile").instructions
    return instruction


def test_keywords_are_in_any_case_and_lines_are_counted() -> None:
    first, second = parse("\n# a\nfrom a\n\n  Run b", "Dockerfile").instructions
    assert (first.keyword, first.arguments, first.line) == ("FROM", "a", 3)
    assert (second.keyword, second.arguments, second.line) == ("RUN", "b", 5)


def test_a_line_goes_on_over_comments_blank_lines_and_the_end() -> None:
    told = _only("RUN a \\  \n# no\n  # neither\n\n && b \\\n")
    assert (told.arguments, told.line, told.last_line) == ("a  && b", 1, 5)
    assert told.comments == ((2, "# no"), (3, "# neither"))


def test_an_escaped_escape_ends_the_line() -> None:
    assert [row.keyword for row in parse("RUN a \\\\\nRUN b", "x").instructions] == ["RUN", "RUN"]


def test_the_escape_directive_changes_what_goes_on() -> None:
    parsed = parse("# syntax=docker/dockerfile:1\n#Escape = `\nRUN a `\n b\nRUN c:\\", "x")
    assert [row.arguments for row in parsed.instructions] == ["a  b", "c:\\"]
    assert parsed.directives == {"syntax": "docker/dockerfile:1", "escape": "`"}


@pytest.mark.parametrize("head", ["# comment\n# escape=`\n", "\n# escape=`\n", "FROM a\n# escape=`\n"])
def test_a_directive_that_comes_late_is_a_comment(head: str) -> None:
    assert parse(f"{head}RUN a \\\n b", "x").escape == "\\"


def test_a_mark_at_the_beginning_and_windows_lines() -> None:
    told = _only("\ufeffRUN a \\\r\n  b\r\n")
    assert told.arguments == "a   b"


def test_heredocs() -> None:
    told = _only('RUN <<A cat <<-"B" >/x\na\n$b\nA\n\tc\n\tB\n')
    first, second = told.heredocs
    assert (first.name, first.text, first.expand) == ("A", "a\n$b", True)
    assert (second.name, second.text, second.expand) == ("B", "c", False)
    assert told.last_line == 6


def test_a_heredoc_hides_instructions_and_comments() -> None:
    text = "COPY <<EOF /x\nFROM y\n# z\n\nRUN a \\\nEOF\nUSER 1"
    copy, user = parse(text, "x").instructions
    assert copy.heredocs[0].text == "FROM y\n# z\n\nRUN a \\"
    assert (user.keyword, user.line) == ("USER", 7)


@pytest.mark.parametrize(
    "line", ["CMD cat <<EOF", 'RUN ["a", "<<EOF"]', "RUN echo '<<EOF'", "RUN a <<<EOF", "RUN a << EOF"]
)
def test_what_only_looks_like_a_heredoc(line: str) -> None:
    assert _only(line).heredocs == ()


def test_heredocs_of_a_trigger() -> None:
    told = _only("ONBUILD RUN <<EOF\na\nEOF")
    assert (told.keyword, told.trigger, told.heredocs[0].text) == ("RUN", True, "a")


def test_flags_stand_before_the_arguments() -> None:
    told = _only('RUN --mount=type=cache,target=/a --mount="type=bind,target=/b c" --network=none -- --x')
    assert told.flag("mount") == ["type=cache,target=/a", "type=bind,target=/b c"]
    assert (told.flag("network"), told.arguments) == (["none"], "--x")


def test_the_json_form() -> None:
    assert _only('CMD ["a", "b c"]').json == ("a", "b c")
    assert _only("CMD [a, b]").json is None
    assert _only('CMD ["a", 1]').json is None
    assert _only("CMD " + "[" * 5000).json is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "x holds no instruction"),
        ("# a\n\n", "x holds no instruction"),
        ("FROM a\nFETCH b", "x:2: 'FETCH' is no instruction"),
        ("FROM a\nCOPY", "x:2: COPY needs an argument"),
        ("RUN <<EOF\na", "x:1: the heredoc 'EOF' has no end"),
        ("# escape=x\nFROM a", "x:1: the directive escape takes"),
        ("# escape=`\n# escape=`\nFROM a", "x:2: the directive escape stands there twice"),
        ("FROM a\nONBUILD FROM b", "x:2: ONBUILD takes an instruction, and not FROM"),
        ("FROM a\nONBUILD ONBUILD RUN b", "x:2: ONBUILD takes an instruction, and not ONBUILD"),
        ("FROM a\nONBUILD", "x:2: ONBUILD takes an instruction, and not nothing"),
        ("RUN " + "a" * (LONGEST_LINE + 1), "x:1: the line is longer than 65535"),
        ("FROM --=a b", "x:1: '--=a' is no flag"),
    ],
)
def test_what_docker_refuses(text: str, fault: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse(text, "x")
    assert str(caught.value).startswith(fault)


def test_words_keep_their_quotes() -> None:
    assert split('a \'b c\' "d \\" e" f\\ g') == ["a", "'b c'", '"d \\" e"', "f\\ g"]


def test_names_of_heredocs() -> None:
    assert heredocs_of("<<A 3<<-'B c' <<\"\"") == [("A", False, True), ("B c", True, False), ("", False, False)]


@given(st.text(st.sampled_from("RUN \\\n#<EOFa'\"$`-=\r\t"), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parsed = parse(f"FROM a\n{text}", "x")
    except DockerfileError:
        return
    lines = [row.line for row in parsed.instructions]
    assert lines == sorted(set(lines))
    assert all(row.line <= row.last_line <= text.count("\n") + 2 for row in parsed.instructions)

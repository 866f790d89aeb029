# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of a .dockerignore, by Docker's own examples, and beside the implementation of the Docker SDK for Python."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.context import Sent, walk
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.ignore_file import (
    parse_ignore_file,
)


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        # The examples of the reference of Docker.
        ("*/temp*", "somedir/temporary.txt", True),
        ("*/temp*", "somedir/temp/a", True),
        ("*/temp*", "somedir/subdir/temporary.txt", False),
        ("*/*/temp*", "somedir/subdir/temporary.txt", True),
        ("temp?", "tempa", True),
        ("temp?", "temp", False),
        ("**/*.go", "a.go", True),
        ("**/*.go", "a/b/c.go", True),
        ("*.md\n!README.md", "README.md", False),
        ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", True),
        ("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", False),
        # Those of the tests of patternmatcher.
        ("**", "a/b", True),
        ("**/", "a", True),
        ("dir/**", "dir/a/b", True),
        ("dir/**", "dir", False),
        ("**/dir2/*", "dir/dir2/file", True),
        ("**/dir2/*", "dir2/file", True),
        ("**x.py", "dir/ax.py", True),
        ("**/x.py", "dir/ax.py", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a[b-d]e", "ace", True),
        ("a[^b-d]e", "ace", False),
        ("a[^b-d]e", "aae", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("abc.def", "abcZdef", False),
        ("a(b)c/def", "a(b)c/def", True),
        ("docs\n!docs/README.md", "docs/README.md", False),
        ("docs\n!docs/README.md", "docs/other", True),
        ("!docs/README.md\ndocs", "docs/README.md", True),
        # How lines are read.
        ("# *\n\n  a  ", "a", True),
        ("/a/", "a", True),
        ("./a/../b", "b", True),
        ("../a", "a", False),
        ("! a\nb", "a", False),
        ("*\r\n!a\r\n", "a", False),
        ("\ufeffa", "a", True),
        (".", "a", False),
        ("", "a", False),
    ],
)
def test_a_path_is_ignored_as_docker_ignores_it(patterns: str, path: str, ignored: bool) -> None:
    assert parse_ignore_file(patterns, "x").ignores(path) is ignored


@pytest.mark.parametrize(
    ("text", "fault"), [("a\n!", "x:2: a ! with"), ("[a", "x:1: "), ("a\\", "x:1: "), ("[]", "x:1: ")]
)
def test_what_docker_refuses(text: str, fault: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse_ignore_file(text, "x")
    assert str(caught.value).startswith(fault)


_NAMES = st.sampled_from(["a", "b", "ab", "c.d", ".e"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_PARTS = st.sampled_from(["a", "b", "ab", "c.d", ".e", "*", "a*", "?", "[a-b]", "*.d"])
_PATTERNS = st.lists(_PARTS, min_size=1, max_size=3).map("/".join)
# Where an exception holds a wildcard, the SDK looks into no folder that is out; BuildKit does.
_EXCEPTIONS = _PATHS.map("!{}".format)
_ANYWHERE = _NAMES.map("**/{}".format)


def _sent(folder: Path, patterns: list[str]) -> set[str]:
    ignore = parse_ignore_file("\n".join(patterns), "x")
    return {path for path, _file, _status in walk(str(folder), ignore, Sent())}


@given(
    st.sets(_PATHS, min_size=1, max_size=8),
    st.one_of(
        st.lists(st.one_of(_PATTERNS, _EXCEPTIONS), max_size=4), st.lists(st.one_of(_PATTERNS, _ANYWHERE), max_size=4)
    ),
)
def test_what_is_sent_is_what_the_sdk_would_send(paths: set[str], patterns: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in paths:
            # Of a and a/b, one is a folder.
            if not any(other.startswith(f"{path}/") for other in paths):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).touch()
        other = {path for path in exclude_paths(name, patterns) if os.path.isfile(folder / path)} - {"Dockerfile"}
        assert _sent(folder, patterns) == other

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json is read strictly and replaced whole."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import file as daemon_file
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import (
    DaemonFileError,
    parse_daemon_json,
    read_daemon_file,
    render_daemon_json,
    replace_file,
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # Python 3.13 points at the comma, the others at what follows it.
        ('{"a": 1,}', f"f:1:{8 if sys.version_info >= (3, 13) else 9}: not JSON"),
        ('{\n "a": 1\n "b": 2}', "f:3:2: not JSON: Expecting ',' delimiter"),
        ('{\n "a": 1, "a": 2}', "f:2:10: the key 'a' is there twice; keep one"),
        ('{"m": {"a": 1,\n "a": 2}}', "f:2:2: the key 'a' is there twice"),
        ('{"a": NaN}', "f:1:7: NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ("// no\n{}", "f:1:1: not JSON: Expecting value (JSON has no comments)"),
        ("{'a': 1}", "(single quotes are not JSON)"),
        ('["a"]', "must hold an object"),
        ("true", "must hold an object"),
        ('{"a": ' + "[" * 100_000, "f nests lists or objects too deeply"),
    ],
)
def test_what_is_not_json_is_named_by_its_place(text: str, says: str) -> None:
    with pytest.raises(DaemonFileError) as refused:
        parse_daemon_json(text, "f")
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["", " \n", "\ufeff", "{}", "\ufeff{ }"])
def test_an_empty_file_is_an_empty_object(text: str) -> None:
    assert parse_daemon_json(text, "f") == {}


@pytest.mark.parametrize(
    "text",
    [
        '{\n    "a": {\n        "b": [\n            1\n        ]\n    }\n}\n',
        '{\n  "a": true\n}',
        '{\n\t"a": "ü"\n}\n',
        '{"a": 1, "b": [2]}\n',
        '{\r\n  "a": 1\r\n}\r\n',
        # Half a surrogate pair has no UTF-8; dockerd takes its escape.
        '{"a": "\\ud800", "b": "\\u00fc"}\n',
    ],
)
def test_the_form_of_a_file_is_kept(text: str) -> None:
    assert render_daemon_json(parse_daemon_json(text, "f"), text) == text


def test_a_new_file_is_indented_by_four() -> None:
    assert render_daemon_json({"a": 1}) == '{\n    "a": 1\n}\n'
    assert render_daemon_json({"a": 1}, "{}\n") == '{\n    "a": 1\n}\n'


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    missing = read_daemon_file(str(path))
    assert (missing.exists, missing.data) == (False, {})
    path.write_text('{"b": 1, "a": 2}')
    path.chmod(0o640)
    file = read_daemon_file(str(path))
    assert (file.exists, list(file.data), file.mode) == (True, ["b", "a"], 0o640)
    assert file.sha256 != missing.sha256


def test_links_are_followed_unless_they_dangle(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to("target")
    with pytest.raises(DaemonFileError, match="is a symbolic link to target, which is not there"):
        read_daemon_file(str(link))
    target.write_text("{}")
    assert read_daemon_file(str(link)).real_path == str(target.resolve())


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    path.write_bytes('{"a":\n 1}'.encode("utf-16"))
    with pytest.raises(DaemonFileError, match=r"daemon\.json:1: not UTF-8"):
        read_daemon_file(str(path))


def test_replacing_keeps_mode_and_owner_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    path.write_text("old")
    replace_file(str(path), "new", 0o640, os.geteuid(), os.getegid())
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
    assert os.listdir(tmp_path) == ["daemon.json"]


def test_a_leftover_of_another_run_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    Path(daemon_file.temporary_of(str(path))).write_text("half a fi")
    replace_file(str(path), "new", 0o644, os.geteuid(), os.getegid())
    assert os.listdir(tmp_path) == ["daemon.json"]


@pytest.mark.parametrize("call", ["write", "fsync", "fchmod", "replace"])
def test_a_failure_at_any_call_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "daemon.json"
    path.write_text("old")

    def fail(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(DaemonFileError, match="was left as it was, for it cannot be replaced: No space left on device"):
        replace_file(str(path), "new", 0o644, os.geteuid(), os.getegid())
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["daemon.json"]


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:3]))
    replace_file(str(tmp_path / "f"), "abcdefgh", 0o644, os.geteuid(), os.getegid())
    assert (tmp_path / "f").read_text() == "abcdefgh"

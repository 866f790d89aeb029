# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on disk become a snapshot: found, named, read with bounds, each with errors of its own."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from tests.unit.plugins.module_utils.dockerfile.judged import built, errors, failed, judged


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with three Dockerfiles in it."""
    for name in ("Dockerfile", "web/Dockerfile.dev", "api/Containerfile", "node_modules/x/Dockerfile", "docs/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(built(""))
    (tmp_path / "web" / "Dockerfile.dev.dockerignore").write_text("*")
    (tmp_path / ".git").mkdir()
    return tmp_path


def _files(*paths: Path, **given: Any) -> list[str]:
    snapshot = judged(paths=[str(path) for path in paths], include_snapshot=True, **given)["snapshot"]
    return [row["subject"]["name"] for row in snapshot["subjects"]["file"]]


def test_dockerfiles_are_found_and_named_from_the_root_of_the_repository(tree: Path) -> None:
    every = ["Dockerfile", "api/Containerfile", "web/Dockerfile.dev"]
    assert _files(tree) == every
    assert _files(tree / "web", tree / "api") == every[1:]
    assert _files(tree / "web" / "Dockerfile.dev") == every[2:]
    assert _files(tree, tree / "Dockerfile", exclude=["web/*"]) == every[:2]
    assert _files(tree, patterns=["Container*"]) == every[1:2]
    assert _files(tree / "web", root=str(tree / "web")) == ["Dockerfile.dev"]
    assert _files(tree / "docs" / "a.txt") == ["docs/a.txt"]


def test_paths_that_name_nothing_are_refused(tree: Path) -> None:
    with pytest.raises(DockerfileError, match="paths: /nowhere is not there"):
        _files(Path("/nowhere"))
    with pytest.raises(DockerfileError, match="There is no Dockerfile in"):
        _files(tree / "docs")
    with pytest.raises(DockerfileError, match="There is no Dockerfile in paths, which is empty"):
        _files()


def test_a_context_is_judged_with_each_file(tree: Path) -> None:
    (tree / "api" / "id_rsa").write_text("key")
    found = {
        (finding["control"], finding["subject"]["name"])
        for finding in judged(paths=[str(tree)])["findings"]
        if finding["status"] == "fail"
    }
    assert ("dockerfile.context.secret_files", "api/Containerfile") in found
    assert ("dockerfile.context.secret_files", "Dockerfile") in found
    assert ("dockerfile.context.repository", "Dockerfile") in found
    assert not [row for row in found if row[1] == "web/Dockerfile.dev"]
    assert not failed(paths=[str(tree)], audit_context=False)


def test_one_context_for_all(tree: Path) -> None:
    (tree / "api" / "id_rsa").write_text("key")
    assert failed(paths=[str(tree / "web")], context=str(tree / "api")) == {
        "context.secret_files",
        "context.ignore_file",
    }


def test_a_large_context_fails(tree: Path) -> None:
    (tree / "api" / "large").write_bytes(b"x" * 1_100_000)
    assert "context.size" in failed(paths=[str(tree / "api")], context_max_mb=1)
    assert "context.size" not in failed(paths=[str(tree / "api")], context_max_mb=2)


def test_a_context_that_cannot_be_looked_through_is_an_error_and_no_pass(tree: Path) -> None:
    (tree / "api" / ".dockerignore").write_text("[")
    result = judged(paths=[str(tree / "api")])
    assert len(errors(result)) == 4
    assert all(".dockerignore:1: '[' is no pattern" in error for error in errors(result))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"FROM a\nRUN " + b"x" * 70_000, "bad/Dockerfile:2: the line is longer"),
        (b"FROM a\nRUN " + b"x" * 10_000_000, "bad/Dockerfile is larger than 1 MiB"),
        (b"\x7fELF\x00\x00", "bad/Dockerfile is no text: it holds a NUL byte"),
        (b"FROM a\nRUN \xff\xfe", "bad/Dockerfile:2: is not UTF-8"),
        (b"", "bad/Dockerfile holds no instruction"),
        (b"FROM a\nNOTHING", "bad/Dockerfile:2: 'NOTHING' is no instruction"),
    ],
)
def test_a_file_that_cannot_be_judged_is_one_error_and_the_others_are_judged(
    tree: Path, data: bytes, fault: str
) -> None:
    (tree / "bad").mkdir()
    (tree / "bad" / "Dockerfile").write_bytes(data)
    (tree / "api" / "Containerfile").write_text(built("RUN sudo a"))
    result = judged(paths=[str(tree)], audit_context=False)
    (error,) = errors(result)
    assert error.startswith(f"parsed: {fault}")
    assert [row["control"] for row in result["findings"] if row["status"] == "fail"] == ["dockerfile.run.sudo"]


def test_pipes_links_and_folders(tree: Path) -> None:
    (tree / "bad").mkdir()
    os.mkfifo(tree / "bad" / "Dockerfile")
    (tree / "bad" / "Dockerfile.gone").symlink_to("nowhere")
    (tree / "bad" / "Dockerfile.same").symlink_to(tree / "Dockerfile")
    told = sorted(errors(judged(paths=[str(tree)], audit_context=False)))
    assert told == [
        "parsed: bad/Dockerfile is no file",
        "parsed: bad/Dockerfile.gone cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize(
    "body", ["RUN " + "$(" * 5000, "RUN sh -c " + "'" * 9001, "ENV A=" + "${A:-" * 9000, "CMD " + "[" * 9000]
)
def test_deep_nesting_is_survived(body: str) -> None:
    assert not errors(judged(built(body)))


def test_an_error_shows_no_secret() -> None:
    (error,) = errors(judged("FROM a\nRUN a\nDB_PASSWORD=correct-horse b"))
    assert "DB_PASSWORD=" in error
    assert "correct-horse" not in error


def test_the_line_of_an_error_is_its_place() -> None:
    (finding,) = [row for row in judged("FROM a\nNOTHING")["findings"] if row["status"] == "error"]
    assert (finding["subject"]["file"], finding["subject"]["line"]) == ("Dockerfile", "2")


def test_a_file_of_thousands_of_equal_lines_is_judged_quickly() -> None:
    result = judged(built("\n".join(["RUN sudo a"] * 3000)))
    names = [row["subject"]["name"] for row in result["findings"] if row["control"] == "dockerfile.run.sudo"]
    assert len(set(names)) == 3000


@pytest.mark.parametrize("unit", ["--token", "x", "$(", '"$(', "https://a:", "curl x|sh|", "1-65535 ", "A=${B:-", "`"])
def test_long_lines_take_a_time_that_grows_with_their_length(unit: str) -> None:
    line = unit * (30_000 // len(unit)) + " \\\n"
    text = built(f"{'EXPOSE' if unit[0] == '1' else 'RUN'} 1 {line * 5}")
    before = time.process_time()
    judged(text)
    assert time.process_time() - before < 10

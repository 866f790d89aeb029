# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerfile_audit beside a real builder, and its playbook as CI runs it."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, BuildError

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stage_facts import file_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stages import Stages, stages_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.syntax import parse
from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import Dockerd

# What a builder takes without a base image and without running anything.
_TAKEN = [
    "FROM scratch\nLABEL a=b",
    "from scratch\nlabel a=b",
    "\ufeffFROM scratch\r\nLABEL a=b \\\r\n c=d\r\n",
    "# escape=`\nFROM scratch\nLABEL a=b `\n  c=d\n",
    "# comment\n# escape=`\nFROM scratch\nLABEL a=b \\\n  c=d\n",
    "FROM scratch\nLABEL a=b \\\n# comment\n  # another\n\n  c=d\n",
    "FROM scratch\nLABEL a=b \\",
    "ARG B=scratch\nFROM $B\nLABEL a=b",
    "ARG B=scr\nFROM ${B}atch AS One\nLABEL a=b\nFROM one\nUSER 1",
    "FROM scratch\nENV a b c=d",
    "FROM scratch\nONBUILD COPY a /a",
    'FROM scratch\nCMD ["a", "b"]\nCMD [a, b]\nCMD a b',
    "FROM scratch\nHEALTHCHECK --interval=5s CMD a\nHEALTHCHECK NONE",
    "FROM scratch\n\n\nEXPOSE 80/tcp 90-91/udp\nVOLUME /a /b\nMAINTAINER me",
]
_REFUSED = [
    "",
    "# comment\n",
    "FROM scratch\nFETCH a",
    "FROM scratch\nLABEL",
    "FROM scratch\nCOPY",
    "LABEL a=b\nFROM scratch",
    "FROM",
    "FROM scratch a",
    "FROM scratch AS",
    "FROM scratch BY a",
    "FROM scratch AS 1a",
    "ARG B=\nFROM $B",
    "# escape=x\nFROM scratch",
    "# escape=`\n# escape=`\nFROM scratch",
    "FROM scratch\nONBUILD FROM scratch",
    "FROM scratch\nONBUILD ONBUILD LABEL a=b",
    "FROM scratch\nONBUILD MAINTAINER me",
    "FROM scratch\nONBUILD",
    "FROM scratch\nLABEL a=" + "b" * 70_000,
]
_WORDS = [
    "$A",
    "${A}b",
    "$AB",
    "\\$A",
    "'$A'",
    '"$A"',
    '"a \\" b"',
    '"\\a"',
    "'\\a'",
    "a\\ b",
    "${X:-d}",
    "${EMPTY:-d}",
    "${A:+d}",
    "${X:+d}",
    "${X:-${A}}",
    "${X:-'a b'}",
    "a'b'\"c\"d",
    "C:\\\\a",
    "",
    "a=b",
    "$$A",
    "a$",
]


@pytest.fixture(scope="module")
def builder() -> Iterator[docker.APIClient]:
    """The classic builder of a real daemon, which goes with all that was built."""
    with Dockerd() as daemon, contextlib.closing(daemon.client()) as client:
        yield client.api


def _build(client: docker.APIClient, text: str) -> dict[str, Any]:
    """The configuration of the image. Raises BuildError or APIError where the builder refuses the file."""
    data = text.encode()
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    context.seek(0)
    said = list(client.build(fileobj=context, custom_context=True, rm=True, decode=True, tag="bulkhead-dockerfile"))
    for row in said:
        if "error" in row:
            raise BuildError(row["error"], iter(said))
    config: dict[str, Any] = client.inspect_image("bulkhead-dockerfile")["Config"]  # type: ignore[no-untyped-call]
    return config


def _ours(text: str) -> Stages:
    return stages_of(parse(text, "Dockerfile"), "Dockerfile", {})


@pytest.mark.parametrize("text", _TAKEN)
def test_what_the_builder_takes_is_read(builder: docker.APIClient, text: str) -> None:
    _build(builder, text)
    _ours(text)


@pytest.mark.parametrize("text", _REFUSED)
def test_what_the_builder_refuses_is_refused(builder: docker.APIClient, text: str) -> None:
    with pytest.raises((BuildError, APIError)):
        _build(builder, text)
    with pytest.raises(DockerfileError):
        _ours(text)


def test_words_come_to_what_the_builder_makes_of_them(builder: docker.APIClient) -> None:
    assignments = " ".join(f"W{number}={word}" for number, word in enumerate(_WORDS))
    text = f"FROM scratch\nENV A=1 EMPTY=\nENV {assignments}\n"
    built = dict(row.split("=", 1) for row in _build(builder, text)["Env"])
    ours = _ours(text).stages[0].exported
    for number, word in enumerate(_WORDS):
        # A variable that nothing sets is empty to a builder; whether something does is what we cannot know.
        told = ours[f"W{number}"]
        assert told == built[f"W{number}"] or (told is None and word in ("$AB", "${X:+d}")), word


def test_the_image_runs_as_whom_we_say(builder: docker.APIClient) -> None:
    text = "FROM scratch AS a\nENV WHO=7\nUSER $WHO:8\nENV WHO=9\nHEALTHCHECK CMD x\nFROM a AS b\nCMD a\nFROM b\nCMD b"
    built, ours = _build(builder, text), file_facts(_ours(text), "\\")
    assert built["User"] == ours["user"] == "7:8"
    assert (built["Healthcheck"]["Test"], ours["healthcheck"]) == (["CMD-SHELL", "x"], "command")


def _audited(folder: Path, **variables: Any) -> PlaybookResult:
    return run_playbook(
        "audit_dockerfiles.yml",
        extra_vars={
            "audit_dockerfiles_paths": [str(folder)],
            "audit_dockerfiles_root": str(folder),
            "audit_output_dir": str(folder / "report"),
            **variables,
        },
    )


def test_the_gate_closes_on_a_line_and_opens_when_somebody_accepts_it(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    file = tmp_path / "app" / "Dockerfile"
    body = 'FROM debian:12\n{}RUN curl -s https://example.com/i | sh\nHEALTHCHECK CMD ["a"]\nUSER 1\n'
    file.write_text(body.format(""))
    closed = _audited(tmp_path)
    assert closed.rc != 0
    assert "run app/Dockerfile:2" in closed.stdout
    (run,) = json.loads((tmp_path / "report" / "audit-report.sarif").read_text())["runs"]
    places = {
        (result["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"])
        for result in run["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    }
    assert ("dockerfile.run.piped", "app/Dockerfile", 2) in places
    assert ("hadolint.DL4006", "app/Dockerfile", 2) in places
    accepted = "# A comment.\n\n# bulkhead ignore=dockerfile.run.piped owner=web expires=2999-01-01 It is ours.\n"
    file.write_text(body.format(accepted))
    opened = _audited(tmp_path).check()
    report = json.loads((tmp_path / "report" / "audit-report.json").read_text())
    (finding,) = [row for row in report["findings"] if row["control"] == "dockerfile.run.piped"]
    assert (finding["status"], finding["drift"], finding["subject"]["line"]) == ("waived", "persisting", "5")
    assert opened.stats["localhost"]["changed"] == 1
    file.write_text("FROM debian:12\nNOTHING\n")
    assert "'NOTHING' is no instruction" in _audited(tmp_path).stdout

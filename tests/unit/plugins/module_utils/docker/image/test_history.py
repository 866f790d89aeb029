# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of an image, of either builder."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image import history as image_history
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image.history import Step, parse


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ('/bin/sh -c #(nop)  CMD ["sh"]', Step("CMD", '["sh"]')),
        ("/bin/sh -c #(nop) ADD file:0abc in / ", Step("ADD", "file:0abc in /")),
        ("/bin/bash -o pipefail -c #(nop)  ENV A=b", Step("ENV", "A=b")),
        ("/bin/sh -c apt-get update", Step("RUN", "apt-get update")),
        ("/bin/bash -o pipefail -c make", Step("RUN", "make")),
        ("RUN /bin/sh -c make # buildkit", Step("RUN", "make")),
        ("RUN |2 A=1 B=two words /bin/sh -c make # buildkit", Step("RUN", "make", (("A", "1"), ("B", "two words")))),
        ("|1 TOKEN=x /bin/sh -c make", Step("RUN", "make", (("TOKEN", "x"),))),
        ("COPY payload /x # buildkit", Step("COPY", "payload /x")),
        ("ENV LISTEN_ADDR=127.0.0.1", Step("ENV", "LISTEN_ADDR=127.0.0.1")),
        ("nginx -g daemon off;", Step("RUN", "nginx -g daemon off;")),
        ("", None),
    ],
)
def test_parse(line: str, step: Step | None) -> None:
    assert parse(line) == step


def run(text: str) -> list[Step]:
    return [Step("RUN", text)]


@pytest.mark.parametrize(
    "text",
    [
        "apt-get update",
        "apt-get -y update",
        "apt-get update || true",
        "set -ex; apk update",
        "sudo apt update",
        "DEBIAN_FRONTEND=noninteractive apt-get update",
        "/usr/bin/apt-get update -qq",
        "zypper --non-interactive refresh",
        "pacman -Sy",
        "echo 'apt-get install curl' && apt-get update",
    ],
)
def test_lone_update(text: str) -> None:
    assert image_history.lone_updates(run(text)) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "apt-get update && apt-get install -y curl",
        "apt-get update \\\n && apt-get install -y curl",
        "apt-get update\napt-get install -y curl",
        "apt-get update && apt-get upgrade -y",
        "(apt-get update; apt-get install curl) || exit 1",
        "apk add --update curl",
        "apk update && apk add curl",
        "pacman -Sy curl",
        "yum update -y",
        "echo 'apt-get update' > script",
        "kubeupdater update",
        "git submodule update",
        "npm update",
        "true",
        'echo "unclosed apt-get',
    ],
)
def test_no_lone_update(text: str) -> None:
    assert image_history.lone_updates(run(text)) == []


def test_a_label_is_no_command() -> None:
    assert image_history.lone_updates([Step("LABEL", "note=apt-get update")]) == []


def test_additions() -> None:
    root = Step("ADD", "file:0a1b in /")
    later = Step("ADD", "file:2c3d in /opt ")
    assert image_history.additions([root, Step("CMD", "sh")]) == []
    assert image_history.additions([Step("ARG", "RELEASE"), Step("LABEL", "a=b"), root]) == []
    assert image_history.additions([root, later, Step("ENV", "ADD=1")]) == ["file:2c3d in /opt "]
    assert image_history.additions([Step("COPY", "x"), root]) == ["file:0a1b in /"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("apt-get install --allow-unauthenticated x", ["--allow-unauthenticated"]),
        ("curl -fsSLk https://x", ["curl -fsSLk"]),
        ("curl https://x --insecure", ["curl https://x --insecure"]),
        ("wget --no-check-certificate https://x", ["--no-check-certificate"]),
        ("dnf -y --nogpgcheck install x", ["--nogpgcheck"]),
        ("echo 'deb [trusted=yes] http://x ./' > sources", ["[trusted=yes"]),
        ("curl -fsSL https://x/-k", []),
        ("curl -o kernel https://x", []),
        ("apt-get install curl && ls -k", []),
    ],
)
def test_unverified_installs(text: str, found: list[str]) -> None:
    assert image_history.unverified_installs(run(text)) == found


def test_steps_are_oldest_first() -> None:
    history = [{"CreatedBy": "CMD b"}, {"CreatedBy": ""}, {"CreatedBy": "ENV A=a"}, {"Comment": "x"}]
    assert [step.keyword for step in image_history.steps(history)] == ["ENV", "CMD"]

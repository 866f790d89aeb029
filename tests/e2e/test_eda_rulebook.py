# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our rulebook as its users run it: ansible-rulebook with its rule engine, a real NATS server, and a playbook."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.eda_rulebook import NEEDS_EDA, Rulebook, alert, outstanding, provide, publish
from tests.lab.nats import Nats

pytestmark = NEEDS_EDA


@pytest.fixture
def server() -> Iterator[Nats]:
    with Nats() as running:
        asyncio.run(provide(running))
        yield running


@pytest.fixture
def rulebook(server: Nats, tmp_path: Path) -> Iterator[Rulebook]:
    running = Rulebook(server, tmp_path)
    yield running
    running.end()


def test_alerts_are_answered_with_a_playbook(server: Nats, rulebook: Rulebook, tmp_path: Path) -> None:
    evil = f"{{{{ lookup('ansible.builtin.pipe', 'touch {tmp_path}/owned') }}}}"
    attack = alert("evil", output=evil)
    attack["output_fields"]["proc.cmdline"] = evil
    publish(
        server,
        alert("quiet", priority="Notice"),
        alert("elsewhere", namespace="kube-system"),
        b"{no json",
        {"rule": "no alert"},
        alert("web"),
        alert("web", output="A second shell"),
        attack,
    )
    rulebook.start()
    rulebook.wait(lambda: {"web", "evil"} <= set(rulebook.answered()) and all(rulebook.answered().values()))
    assert rulebook.answered() == {"web": alert("web"), "evil": attack}
    assert not (tmp_path / "owned").exists()
    rulebook.wait(lambda: outstanding(server) == 0)
    assert "Message 4 of FALCO is no alert: priority is missing" in rulebook.log.read_text()

    # What comes while it does not run is there at its next start, and nothing of before.
    rulebook.end()
    for file in rulebook.answers.iterdir():
        file.unlink()
    publish(server, alert("later", namespace="office"))
    rulebook.start()
    rulebook.wait(lambda: bool(rulebook.answered().get("later")))
    assert set(rulebook.answered()) == {"later"}


def test_with_a_database_no_answer_is_lost_where_it_is_killed(server: Nats, rulebook: Rulebook) -> None:
    playbook = rulebook.folder / "keep.yml"
    slow = {
        "name": "Wait for a word",
        "ansible.builtin.wait_for": {"path": str(rulebook.folder / "word"), "timeout": 180},
    }
    (play,) = yaml.safe_load(playbook.read_text())
    playbook.write_text(yaml.safe_dump([{**play, "tasks": [*play["tasks"], slow]}]))
    rulebook.set("drools_db_file_path", str(rulebook.folder / "database"))
    persistent = ("respond_persistent", "--persistence-id", "1", "--id", "1")
    publish(server, *(alert(f"pod-{number}") for number in range(3)))
    rulebook.start(*persistent)
    # The playbook of the first runs, the others wait for it, and NATS has forgotten all three.
    rulebook.wait(lambda: len(rulebook.answered()) == 1 and outstanding(server) == 0)
    rulebook.end()
    assert len(rulebook.answered()) == 1
    (rulebook.folder / "word").touch()
    rulebook.start(*persistent)
    rulebook.wait(lambda: len(rulebook.answered()) == 3)


def test_a_consumer_that_is_missing_ends_it_with_a_sentence(server: Nats, rulebook: Rulebook) -> None:
    rulebook.set("respond_nats_consumer", "nobody")
    rulebook.start()
    assert rulebook.ended() != 0
    assert "there is no consumer nobody of a stream FALCO; make both with nats_stream" in rulebook.log.read_text()

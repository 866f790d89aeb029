# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role forensics, as a user runs it: evidence taken, verified, told, and brought to the controller."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import custody
from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, make_images

_PLAY = [
    {
        "name": "Keep evidence",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "roles": ["bulkhead.container_security.forensics"],
    }
]
ALERT = {"rule": "Terminal shell in container", "priority": "Notice", "output": "a shell"}


@pytest.fixture(scope="module")
def daemon() -> Iterator[Dockerd]:
    with Dockerd() as running, contextlib.closing(running.client()) as client:
        make_images(client, [BASE])
        client.containers.run(BASE, ["sleep", "999999"], name="web", detach=True, network_mode="none")
        yield running


def run(tmp_path: Path, *, check: bool = False, **variables: Any) -> PlaybookResult:
    play = tmp_path / "play.yml"
    play.write_text(json.dumps(_PLAY))
    common = {"forensics_folder": str(tmp_path / "evidence"), "forensics_limits": {"min_free_mb": 1}}
    return run_playbook(play, extra_vars={**common, **variables}, check=check)


def test_a_case_from_the_container_to_the_controller(daemon: Dockerd, tmp_path: Path) -> None:
    container = "container.id"
    with contextlib.closing(daemon.client()) as client:
        identity = str(client.containers.get("web").id)
    log = tmp_path / "falco.jsonl"
    alert = {**ALERT, "time": "2026-01-31T12:00:00Z", "output_fields": {container: identity[:12]}}
    log.write_text(json.dumps(alert) + "\n")
    options: dict[str, Any] = {
        "forensics_case": "INC-1",
        "forensics_reason": "Falco saw a shell",
        "forensics_investigator": "alice",
        "forensics_containers": [{"name": "web"}],
        "forensics_docker_host": daemon.docker_host,
        "forensics_pause": True,
        "forensics_fetch_folder": str(tmp_path / "controller"),
        "forensics_timeline_sources": [{"type": "falco", "paths": [str(log)]}],
        "forensics_timeline_containers": ["web"],
    }
    predicted = run(tmp_path, check=True, **options).check()
    assert "Take evidence of containers and pods" in " ".join(predicted.changed)
    assert not (tmp_path / "evidence").exists()
    first = run(tmp_path, **options).check()
    (row,) = [
        task["result"]["evidence"][0]
        for task in first.tasks
        if task["task"].endswith("Take evidence of containers and pods")
    ]
    brought = tmp_path / "controller" / "localhost"
    archive = brought / f"INC-1-container-web-{identity[:12]}.tar.gz"
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == row["archive_sha256"]
    hashes = json.loads((brought / "INC-1-hashes.json").read_text())
    assert hashes["manifest_sha256"] == {Path(row["path"]).name: row["manifest_sha256"]}
    told = json.loads((brought / "INC-1-timeline.json").read_text())
    assert {event["source"] for event in told["events"]} == {"falco", "evidence"}
    assert "<script" not in (brought / "INC-1-timeline.html").read_text()
    chain = [json.loads(line) for line in Path(row["path"], "custody.jsonl").read_text().splitlines()]
    assert [line["event"] for line in chain] == ["taken", "archived", "handed over"]
    assert chain[0]["who"]["investigator"] == "alice"
    assert chain[0]["who"]["controller"] == os.uname().nodename
    again = run(tmp_path, **options).check()
    assert again.changed == []
    assert brought.stat().st_mode & 0o777 == 0o700
    with contextlib.closing(daemon.client()) as client:
        client.containers.run(BASE, ["sleep", "999999"], name="db", detach=True, network_mode="none")
    run(tmp_path, **{**options, "forensics_containers": [{"name": "db"}]}).check()
    kept = json.loads((brought / "INC-1-hashes.json").read_text())["manifest_sha256"]
    assert kept.items() > hashes["manifest_sha256"].items()
    _seal_anew(Path(row["path"]))
    refused = run(tmp_path, **options)
    assert refused.rc != 0
    assert "it is not the one that was sealed" in refused.stdout + refused.stderr
    assert json.loads((brought / "INC-1-hashes.json").read_text())["manifest_sha256"] == kept


def _seal_anew(path: Path) -> None:
    """As root of the target can: another manifest, with its own hash beside it."""
    manifest = json.loads((path / "manifest.json").read_text())
    text = json.dumps({**manifest, "reason": "nothing"}).encode()
    digest = hashlib.sha256(text).hexdigest()
    (path / "manifest.json").write_bytes(text)
    (path / "manifest.sha256").write_text(f"{digest}  manifest.json\n")
    first = custody.entry(None, event="taken", manifest_sha256=digest, time="2026-01-31T12:00:00Z")
    (path / custody.NAME).write_text(custody.as_text(first))


def test_nothing_named_makes_a_host_ready_and_takes_nothing(tmp_path: Path) -> None:
    result = run(tmp_path).check()
    assert [name.rpartition(" : ")[2] for name in result.changed] == ["See to the folder for evidence"]
    assert list((tmp_path / "evidence").iterdir()) == []
    assert (tmp_path / "evidence").stat().st_mode & 0o777 == 0o700


def test_only_what_is_old_and_ours_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    for name in ("INC-1-container-web-000000000000", "INC-2-pod-shop-web-00000000", "other"):
        (folder / name).mkdir(parents=True)
        os.utime(folder / name, (0, 0))
    (folder / "INC-3-container-web-000000000000").mkdir()
    run(tmp_path, forensics_retention_days=30).check()
    assert {path.name for path in folder.iterdir()} == {"other", "INC-3-container-web-000000000000"}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_evidence on a real daemon: what it finds of a container that was broken into, and that its seal holds."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import os
import signal
import ssl
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from tests.lab.ansible import COLLECTIONS, run_module
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, KEPT, make_images

SECRET = "correct-horse-battery-9"
# Writes a file, listens, runs a program whose file it deletes, and holds a secret in its command line.
INTRUDER = (
    "mkdir -p /opt/kit/bin; echo tool >/opt/kit/bin/tool; echo payload >/tmp/payload; ln -s /etc/shadow /tmp/link; "
    "echo to-stdout; echo to-stderr >&2; cp /bin/busybox /tmp/sleep; /tmp/sleep 2147483641 & nc -l -p 4444 & "
    f"while [ ! -e /proc/$!/fd/3 ]; do true; done; rm /tmp/sleep; touch /ready; sleep 2147483647; echo {SECRET}"
)
UNTAKEN_BEFORE = {"container/processes", "container/sockets", "container/confinement", "container/stats"}


@dataclass(frozen=True)
class Scene:
    """A daemon, and a folder for evidence."""

    daemon: Dockerd
    client: docker.DockerClient
    folder: Path

    def module(self, check: bool = False, **options: Any) -> dict[str, Any]:
        common = {"folder": str(self.folder), "case": "INC-1", "docker_host": self.daemon.docker_host}
        return run_module("container_evidence", {**common, "min_free_mb": 1, **options}, check=check)

    def take(self, name: str, containers_given: list[dict[str, Any]] | None = None, **options: Any) -> dict[str, Any]:
        result = self.module(containers=containers_given or [{"name": name}], **options)
        assert "failed" not in result, result["msg"]
        (row,) = result["evidence"]
        return {"changed": result["changed"], **row}

    def run(self, name: str, command: list[str], **options: Any) -> Container:
        return self.client.containers.run(BASE, command, name=name, detach=True, network_mode="none", **options)


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Dockerd, docker.DockerClient]]:
    with Dockerd() as daemon, contextlib.closing(daemon.client()) as client:
        make_images(client, [BASE, KEPT])
        yield daemon, client


@pytest.fixture
def scene(shared: tuple[Dockerd, docker.DockerClient], tmp_path: Path) -> Iterator[Scene]:
    yield Scene(*shared, tmp_path / "evidence")
    for container in shared[1].containers.list(all=True):
        container.remove(force=True)


@pytest.fixture
def intruded(scene: Scene) -> Container:
    environment = {"DB_PASSWORD": SECRET, "MODE": "production-mode"}
    container = scene.run("web", ["sh", "-c", INTRUDER], environment=environment, labels={"api_key": SECRET})
    wait_for(lambda: container.exec_run(["ls", "/ready"]).exit_code == 0)
    return container


def document(row: dict[str, Any], name: str) -> Any:
    return json.loads(Path(row["path"], "container", name).read_text())


def status(row: dict[str, Any]) -> dict[str, str]:
    return {part["name"]: part["status"] for part in row["parts"]}


def all_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_everything_about_a_container_is_kept(scene: Scene, intruded: Container) -> None:
    row = scene.take("web")
    assert set(status(row).values()) == {"taken"}
    processes = document(row, "processes.json")
    listening = next(each for each in processes if each["command"][:1] == ["nc"])
    socket = next(each for each in document(row, "sockets.json") if each["state"] == "LISTEN")
    assert socket["local"].endswith(":4444")
    assert socket["pids"] == [listening["pid"]]
    (hidden,) = [each for each in processes if each["exe_deleted"]]
    program = Path(row["path"], "container", "deleted_programs", hidden["exe_sha256"]).read_bytes()
    assert hashlib.sha256(program).hexdigest() == hidden["exe_sha256"]
    assert {"path": "/tmp/payload", "kind": "added"} in document(row, "changes.json")
    with tarfile.open(Path(row["path"], "container", "changed_files.tar")) as archive:
        member = archive.extractfile("tmp/payload")
        assert member is not None
        assert member.read() == b"payload\n"
        assert archive.getmember("tmp/link").linkname == "/etc/shadow"
        assert archive.getmember("opt/kit/bin/tool").size == len("tool\n")
    log = Path(row["path"], "container", "log.txt").read_text()
    assert "to-stdout" in log
    assert "stderr " in log
    assert document(row, "inspect.json")["Id"] == intruded.id
    assert any(each["kind"] == "net" for each in document(row, "namespaces.json"))
    assert document(row, "image.json")["history"]


def test_no_secret_of_the_environment_is_anywhere_in_it(scene: Scene, intruded: Container) -> None:
    row = scene.take("web", archive=True)
    content = all_bytes(Path(row["path"]))
    assert SECRET.encode() not in content
    assert b"production-mode" not in content
    variables = document(row, "inspect.json")["Config"]["Env"]
    assert {
        "name": "DB_PASSWORD",
        "fingerprint": f"sha256:{hashlib.sha256(SECRET.encode()).hexdigest()[:12]}",
    } in variables


def test_only_the_owner_reads_it_and_the_archive_holds_all_of_it(scene: Scene, intruded: Container) -> None:
    row = scene.take("web", archive=True)
    modes = {path: path.stat().st_mode & 0o777 for path in scene.folder.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    with tarfile.open(row["archive"]) as archive:
        names = {member.name for member in archive if member.isfile()}
    there = {str(file.relative_to(scene.folder)) for file in Path(row["path"]).rglob("*") if file.is_file()}
    assert names == there
    assert hashlib.sha256(Path(row["archive"]).read_bytes()).hexdigest() == row["archive_sha256"]


def test_it_is_taken_once_a_case_even_after_the_container_has_gone(scene: Scene, intruded: Container) -> None:
    predicted = scene.module(check=True, containers=[{"name": "web"}])
    assert predicted["changed"] is True
    assert not scene.folder.exists()
    taken = scene.take("web")
    assert predicted["evidence"][0]["path"] == taken["path"]
    again = scene.take("web")
    assert (again["changed"], again["action"]) == (False, "present")
    intruded.remove(force=True)
    gone = scene.take("web")
    assert (gone["changed"], gone["manifest_sha256"]) == (False, taken["manifest_sha256"])
    other = scene.module(case="INC-2", containers=[{"name": "web"}])
    assert other["failed"] is True
    assert "There is no container with name web" in other["msg"]


@pytest.mark.parametrize("keep", [False, True])
def test_a_pause_ends_unless_it_shall_not(scene: Scene, intruded: Container, keep: bool) -> None:
    row = scene.take("web", pause=True, keep_paused=keep)
    intruded.reload()
    assert intruded.status == ("paused" if keep else "running")
    groups = document(row, "control_groups.json")
    frozen = [each["values"].get("freezer.state", each["values"].get("cgroup.events", "")) for each in groups]
    assert any(text == "FROZEN" or "frozen 1" in text for text in frozen)


def test_memory_that_ran_out_is_told(scene: Scene) -> None:
    eater = scene.run("eater", ["sh", "-c", "x=a; while :; do x=$x$x; done"], mem_limit="16m", memswap_limit="16m")
    eater.wait(timeout=60)
    row = scene.take("eater")
    assert row["subject"]["out_of_memory"] is True
    assert {name for name, state in status(row).items() if state == "skipped"} == UNTAKEN_BEFORE
    assert document(row, "inspect.json")["State"]["OOMKilled"] is True


def test_what_is_too_large_is_named_and_left_out(scene: Scene) -> None:
    big = scene.run(
        "big", ["sh", "-c", "cat /bin/busybox /bin/busybox >/big; echo s >/small; touch /ready; sleep 999999"]
    )
    wait_for(lambda: big.exec_run(["ls", "/ready"]).exit_code == 0)
    row = scene.take("big", max_file_mb=1, log_mb=0)
    assert status(row)["container/files"] == "partial"
    index = {each["path"]: each for each in document(row, "changed_files.json")}
    assert (index["/big"]["taken"], index["/small"]["taken"]) == (False, True)


def test_tampering_is_found(scene: Scene) -> None:
    scene.run("web", ["sleep", "999999"])
    row = scene.take("web")
    intact = scene.module(state="verified", expected={Path(row["path"]).name: row["manifest_sha256"]})
    assert intact["evidence"][0]["problems"] == []
    Path(row["path"], "container", "log.txt").write_text("nothing happened\n")
    broken = scene.module(state="verified")
    assert broken["failed"] is True
    assert broken["evidence"][0]["problems"] == ["container/log.txt was changed"]


def test_a_new_seal_is_told_by_the_hash_that_was_kept_elsewhere(scene: Scene) -> None:
    scene.run("web", ["sleep", "999999"])
    row = scene.take("web")
    path = Path(row["path"])
    _edit(path / "manifest.json", '"INC-1"', '"INC-9"')
    digest = hashlib.sha256((path / "manifest.json").read_bytes()).hexdigest()
    (path / "manifest.sha256").write_text(f"{digest}  manifest.json\n")
    broken = scene.module(state="verified", expected={path.name: row["manifest_sha256"]})
    assert any("was kept of it" in problem for problem in broken["evidence"][0]["problems"])


def test_a_handover_is_recorded_and_leaves_the_seal_intact(scene: Scene) -> None:
    scene.run("web", ["sleep", "999999"])
    row = scene.take("web", investigator="alice")
    handed = scene.module(state="verified", handover="copied to the archive", investigator="bob")
    assert handed["changed"] is True
    lines = [json.loads(line) for line in Path(row["path"], "custody.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["taken", "handed over"]
    assert [line["who"]["investigator"] for line in lines] == ["alice", "bob"]
    assert lines[-1]["hash"] == handed["evidence"][0]["custody_head"]
    assert scene.module(state="verified")["changed"] is False


def _edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_ended_in_the_middle_leaves_no_half_evidence(
    scene: Scene, tmp_path: Path, number: signal.Signals
) -> None:
    busy = "i=0; while [ $i -lt 60 ]; do echo $i >/tmp/$i; i=$((i+1)); done; touch /ready; sleep 999999"
    web = scene.run("web", ["sh", "-c", busy])
    wait_for(lambda: web.exec_run(["ls", "/ready"]).exit_code == 0)
    with _started(scene, tmp_path) as process:
        wait_for(lambda: list(scene.folder.glob(".*/container/changed_files.tar")))
        process.send_signal(number)
        process.wait(60)
    assert not [path for path in scene.folder.iterdir() if not path.name.startswith(".")]
    web.reload()
    if number is signal.SIGTERM:
        assert web.status == "running"
        assert not list(scene.folder.iterdir())
    assert scene.take("web", parts=["inspect"])["action"] == "taken"
    assert [path.name[0] for path in scene.folder.iterdir()] == ["I"]


@contextlib.contextmanager
def _started(scene: Scene, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The module in a process of its own, under way."""
    options = {"folder": str(scene.folder), "case": "INC-1", "docker_host": scene.daemon.docker_host, "min_free_mb": 1}
    given = {**options, "pause": True, "containers": [{"name": "web"}], "_ansible_remote_tmp": str(tmp_path)}
    arguments = tmp_path / "arguments.json"
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": given}))
    name = "ansible_collections.bulkhead.container_security.plugins.modules.container_evidence"
    environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    with subprocess.Popen([sys.executable, "-m", name, str(arguments)], env=environment, cwd=tmp_path) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"containers": []}, "Nothing is named"),
        ({"containers": [{"name": "web"}], "case": "../etc"}, "is no name"),
        ({"containers": [{"name": "web"}], "docker_host": "tcp://10.0.0.1:2375"}, "on the host itself"),
        ({"containers": [{"name": "web", "upload_url": "http://store/x?sig=1"}]}, "none of https"),
        ({"containers": [{"name": "web", "id": "0" * 12}]}, "There is no container with name web and id 000000000000"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(scene: Scene, options: dict[str, Any], said: str) -> None:
    result = scene.module(**options)
    assert result["failed"] is True
    assert said in result["msg"]
    assert not scene.folder.exists()


def test_a_folder_that_others_write_to_is_refused(scene: Scene) -> None:
    scene.run("web", ["sleep", "999999"])
    scene.folder.mkdir()
    scene.folder.chmod(0o777)
    result = scene.module(containers=[{"name": "web"}])
    assert result["failed"] is True
    assert "others can write to it" in result["msg"]
    assert not list(scene.folder.iterdir())


def test_a_verification_of_nothing_does_not_pass(scene: Scene) -> None:
    scene.folder.mkdir()
    result = scene.module(state="verified")
    assert result["failed"] is True
    assert "holds no evidence" in result["msg"]


def test_nothing_is_begun_with_too_little_space(scene: Scene) -> None:
    scene.run("web", ["sleep", "999999"])
    result = scene.module(containers=[{"name": "web"}], min_free_mb=2**40)
    assert result["failed"] is True
    assert "MiB are to stay free" in result["msg"]
    assert not list(scene.folder.glob("*"))


class Store(http.server.BaseHTTPRequestHandler):
    """An object store that takes what is signed, once."""

    objects: dict[str, bytes]

    def do_PUT(self) -> None:
        path, _mark, query = self.path.partition("?")
        signed = query == "X-Amz-Signature=deadbeef" and "x-ms-blob-type" not in self.headers
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if signed:
            self.objects[path] = content
        self.send_response(200 if signed else 403)
        self.send_header("ETag", '"e-tag"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def store(tmp_path: Path) -> Iterator[tuple[str, dict[str, bytes], Path]]:
    """(address, objects by path, file of its authority) of a store of its own."""
    authority, key = tmp_path / "store.crt", tmp_path / "store.key"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(authority)]
    subprocess.run([*request, *names], check=True, capture_output=True, timeout=60)
    handler = type("OneStore", (Store,), {"objects": {}})
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority, key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"https://localhost:{server.server_address[1]}", handler.objects, authority  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join(30)


def test_an_archive_is_sent_to_a_store_and_its_signature_shown_nowhere(scene: Scene, tmp_path: Path) -> None:
    scene.run("web", ["sleep", "999999"])
    with store(tmp_path) as (address, objects, authority):
        refused = scene.module(
            containers=[{"name": "web", "upload_url": f"{address}/no?sig=wrong"}], upload_ca_path=str(authority)
        )
        assert f"{address}/no refused the evidence with 403" in refused["msg"]
        unknown = scene.module(case="INC-2", containers=[{"name": "web", "upload_url": f"{address}/no?sig=wrong"}])
        assert "did not take the evidence" in unknown["msg"]
        sent = {"name": "web", "upload_url": f"{address}/cases/web.tar.gz?X-Amz-Signature=deadbeef"}
        row = scene.take("web", containers_given=[sent], upload_ca_path=str(authority))
        again = scene.take("web", containers_given=[sent], upload_ca_path=str(authority))
    assert (row["action"], row["changed"], again["changed"]) == ("present", True, False)
    assert hashlib.sha256(objects["/cases/web.tar.gz"]).hexdigest() == row["archive_sha256"]
    assert row["uploaded"] == f"{address}/cases/web.tar.gz"
    custody = [json.loads(line) for line in Path(row["path"], "custody.jsonl").read_text().splitlines()]
    assert custody[-1]["details"]["etag"] == "e-tag"
    assert "deadbeef" not in json.dumps(row)
    assert b"deadbeef" not in all_bytes(scene.folder)


def test_one_that_is_missing_does_not_stop_the_others(scene: Scene) -> None:
    scene.run("web", ["sleep", "999999"])
    result = scene.module(containers=[{"name": "gone"}, {"name": "web"}])
    assert result["failed"] is True
    assert [row["action"] for row in result["evidence"]] == ["failed", "taken"]

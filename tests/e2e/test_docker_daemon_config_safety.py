# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever goes wrong, the daemon is up with the old or the new configuration, and the message says which."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import stat
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import ansible
import pytest

from tests.e2e.daemon_config import Subject, fill_up, remount, small_filesystem
from tests.e2e.proxy import proxy_of
from tests.lab.ansible import run_module
from tests.lab.dockerd import REPOSITORY, Dockerd

MakeDockerd = Callable[..., Dockerd]
OLD = "the daemon runs with the old configuration"
PLUGINS = Path("/run/docker/plugins")


@pytest.fixture
def subject(dockerd: Dockerd) -> Subject:
    return Subject(dockerd)


def script(folder: Path, text: str) -> list[str]:
    """A shell script as a restart command."""
    path = folder / f"restart-{uuid.uuid4().hex[:6]}.sh"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return [str(path), "now"]


def fails_and_keeps_the_old(subject: Subject, config: dict[str, Any], **options: Any) -> str:
    """Run the module, which has to fail and leave everything as it was; the message."""
    before, info = subject.text(), subject.info()
    result = subject.run(config=config, **options)
    assert result.get("failed"), result
    assert OLD in result["msg"]
    assert subject.text() == before
    after = subject.info()
    assert (after["LoggingDriver"], after["Debug"]) == (info["LoggingDriver"], info["Debug"])
    assert subject.left_beside() == []
    assert not list(subject.state_dir.rglob("journal.json")), "nothing is left unfinished"
    return str(result["msg"])


def test_a_configuration_that_the_daemon_refuses_to_start_with(subject: Subject) -> None:
    # Nothing but the daemon itself knows that there is no such driver.
    message = fails_and_keeps_the_old(subject, {"storage-driver": "no-such-driver"})
    assert "driver not supported" in message


def test_a_configuration_that_the_daemon_refuses_at_a_reload(subject: Subject) -> None:
    pid = subject.daemon.pid
    message = fails_and_keeps_the_old(subject, {"registry-mirrors": ["ftp://mirror.example.com"], "debug": True})
    assert 'unsupported scheme "ftp"' in message
    assert subject.daemon.pid == pid
    assert not subject.info()["RegistryConfig"]["Mirrors"]


def test_containers_outlive_a_failed_change(make_dockerd: MakeDockerd) -> None:
    subject = Subject(make_dockerd(daemon_json={"live-restore": True}))
    with subject.containers(web="no"):
        fails_and_keeps_the_old(subject, {"swarm-default-advertise-addr": "", "exec-opts": ["native.cgroupdriver=no"]})
        assert subject.running() == {"web"}


@contextlib.contextmanager
def mute_plugin() -> Iterator[str]:
    """An authorization plugin that takes connections and never answers; its name."""
    name = f"bulkhead-mute-{uuid.uuid4().hex[:8]}"
    PLUGINS.mkdir(parents=True, exist_ok=True)
    path = PLUGINS / f"{name}.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        try:
            yield name
        finally:
            path.unlink()


@pytest.mark.slow
def test_a_configuration_that_makes_the_daemon_hang(subject: Subject) -> None:
    with mute_plugin() as name:
        fails_and_keeps_the_old(subject, {"authorization-plugins": [name]}, health_timeout=60)
    assert subject.info()["Plugins"]["Authorization"] in (None, [])


@pytest.mark.slow
def test_a_configuration_that_makes_the_daemon_hang_at_its_start(subject: Subject) -> None:
    with mute_plugin() as name:
        # With a key that needs a restart, the plugin is only loaded when the daemon starts.
        config = {"authorization-plugins": [name], "log-driver": "local"}
        message = fails_and_keeps_the_old(subject, config, health_timeout=15)
    assert "did not end within 15 s" in message


def test_a_containerd_that_never_answers(subject: Subject) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as dead:
        path = subject.daemon.workdir / "dead.sock"
        dead.bind(str(path))
        dead.listen(8)
        fails_and_keeps_the_old(subject, {"containerd": str(path)}, health_timeout=8)


def test_a_daemon_killed_in_the_middle_of_its_restart(subject: Subject) -> None:
    folder, pidfile = subject.daemon.workdir, subject.daemon.pidfile
    command = script(
        folder,
        f"{subject.daemon.restart_command} || exit 1\n"
        f"[ -e {folder}/killed ] && exit 0\n"
        f"touch {folder}/killed; kill -9 $(cat {pidfile}); sleep 0.2\n",
    )
    fails_and_keeps_the_old(subject, {"log-driver": "local"}, restart_command=command, health_timeout=5)


def test_a_restart_that_restarts_nothing(subject: Subject) -> None:
    pid = subject.daemon.pid
    result = subject.run(config={"log-driver": "local"}, restart_command=["/bin/true", "now"], health_timeout=1)
    assert "the old process still serves" in result["msg"]
    assert subject.text() == "{}\n"
    assert (subject.daemon.pid, subject.info()["LoggingDriver"]) == (pid, "json-file")


def test_a_restart_command_that_is_not_there(subject: Subject) -> None:
    message = subject.run(config={"log-driver": "local"}, restart_command=["/no/such/program", "now"])["msg"]
    assert "/no/such/program cannot be run" in message
    assert subject.text() == "{}\n"
    assert subject.info()["LoggingDriver"] == "json-file"


def test_a_host_without_a_way_to_restart_the_daemon_is_left_alone(subject: Subject) -> None:
    if Path("/run/systemd/system").is_dir():
        pytest.skip("this host has systemd")
    del subject.options["restart_command"]
    message = subject.refused({"log-driver": "local"})
    assert "say with restart_command how this daemon is restarted" in message
    assert subject.text() == "{}\n"


def test_a_spoilt_file_of_others_gives_way_to_the_last_one_that_worked(subject: Subject) -> None:
    assert subject.configure({"log-driver": "local"})["changed"]
    good = subject.text()
    subject.daemon.write_daemon_json({"log-driver": "local", "storage-driver": "no-such-driver"})
    result = subject.run(config={"max-concurrent-uploads": 2, "no-new-privileges": True})
    assert result["failed"]
    assert "The daemon runs with the last configuration that it is known to have run with" in result["msg"]
    assert (subject.text(), subject.info()["LoggingDriver"]) == (good, "local")
    kept = [path.read_text() for path in subject.state_dir.rglob("daemon.json.*")]
    assert any("no-such-driver" in text for text in kept), "the edit by hand is not lost"


def test_a_full_disk(make_dockerd: MakeDockerd, tmp_path: Path) -> None:
    with small_filesystem(tmp_path / "etc") as folder:
        daemon = make_dockerd(config_file=folder / "daemon.json")
        subject, filler = Subject(daemon), fill_up(folder)
        before = subject.text()
        labels = [f"name{number}=value" for number in range(500)]
        message = str(subject.run(config={"labels": labels})["msg"])
        assert "was left as it was, for it cannot be replaced: No space left on device" in message
        assert (subject.text(), subject.left_beside()) == (before, ["filler"])
        assert subject.info()["Labels"] == []
        filler.unlink()
        assert subject.configure({"labels": labels})["changed"]
        daemon.close()


def test_a_full_disk_for_the_backup(subject: Subject, tmp_path: Path) -> None:
    with small_filesystem(tmp_path / "state") as folder:
        fill_up(folder)
        message = str(subject.run(config={"debug": True}, state_dir=str(folder))["msg"])
    assert "No space left on device" in message
    assert (subject.text(), subject.info()["Debug"]) == ("{}\n", False)


def test_a_read_only_folder(make_dockerd: MakeDockerd, tmp_path: Path) -> None:
    with small_filesystem(tmp_path / "etc") as folder:
        daemon = make_dockerd(config_file=folder / "daemon.json")
        subject = Subject(daemon)
        remount(folder, "ro")
        message = str(subject.run(config={"debug": True})["msg"])
        assert "was left as it was, for it cannot be replaced: Read-only file system" in message
        assert not subject.info()["Debug"]
        assert not list(subject.state_dir.rglob("journal.json"))
        remount(folder, "rw")
        assert subject.configure({"debug": True})["changed"]
        daemon.close()


def test_two_runs_at_once_both_come_true(subject: Subject) -> None:
    configs = [{"debug": True}, {"labels": ["a=b"]}, {"shutdown-timeout": 20}]
    results: list[dict[str, Any]] = []
    runs = [threading.Thread(target=lambda each=each: results.append(subject.run(config=each))) for each in configs]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [result.get("msg") for result in results] == [None] * 3
    assert subject.daemon.daemon_json() == {"debug": True, "labels": ["a=b"], "shutdown-timeout": 20}
    assert (subject.info()["Debug"], subject.info()["Labels"]) == (True, ["a=b"])


def test_a_run_does_not_wait_for_another_for_ever(subject: Subject) -> None:
    handle = os.open(subject.daemon.config_file.parent, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        result = subject.run(config={"debug": True}, health_timeout=1)
        assert "Another run has been changing the Docker configuration" in result["msg"]
        assert subject.run(check=True, config={"debug": True})["changed"], "a prediction waits for nobody"
    finally:
        os.close(handle)
    assert subject.text() == "{}\n"


def test_a_symbolic_link_is_followed_and_kept(subject: Subject) -> None:
    link, target = subject.daemon.config_file, subject.daemon.workdir / "managed" / "docker.json"
    target.parent.mkdir()
    link.rename(target)
    link.symlink_to(target)
    assert subject.configure({"debug": True})["changed"]
    assert link.is_symlink()
    assert json.loads(target.read_text()) == {"debug": True}
    assert subject.info()["Debug"]


def test_a_symbolic_link_to_nothing_is_refused(subject: Subject) -> None:
    link = subject.daemon.config_file
    link.unlink()
    link.symlink_to("nowhere.json")
    assert "is a symbolic link to nowhere.json, which is not there" in subject.refused({"debug": True})
    assert link.is_symlink()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n  "debug": true,\n}\n', ":3:1: not JSON"),
        ("debug: true\n", ":1:1: not JSON"),
        ('{"debug": true, // why\n "icc": false}', "JSON has no comments"),
        ('{\n "debug": true,\n "debug": false\n}', ":3:2: the key 'debug' is there twice"),
        ("[]", "must hold an object"),
        ('{"mtu": NaN}', "NaN is not JSON"),
    ],
)
def test_a_file_that_is_not_json_is_named_by_line_and_left_alone(subject: Subject, text: str, says: str) -> None:
    subject.daemon.config_file.write_text(text)
    message = subject.refused({"debug": True})
    assert f"{subject.daemon.config_file}:" in message
    assert says in message
    assert subject.text() == text
    assert subject.daemon.running


def test_a_folder_in_the_place_of_the_file(subject: Subject) -> None:
    subject.daemon.config_file.unlink()
    subject.daemon.config_file.mkdir()
    assert "Is a directory" in subject.refused({"debug": True})


def test_a_socket_that_nobody_serves(subject: Subject) -> None:
    subject.daemon.kill()
    assert "Nothing listens at" in subject.refused({"debug": True})
    subject.options["docker_host"] = "unix:///nowhere/docker.sock"
    assert "There is no Docker socket at" in subject.refused({"debug": True})
    assert subject.text() == "{}\n"


def test_a_socket_without_permission(subject: Subject) -> None:
    python = shutil.which("python3", path="/usr/bin")
    if python is None:
        pytest.skip("no Python that everybody may run")
    folder = subject.daemon.workdir / "for-nobody"
    folder.mkdir(mode=0o755)
    subject.daemon.workdir.chmod(0o755)
    # Copies, for the checkout and its environment may lie where nobody else may look.
    plugins = Path("ansible_collections", "bulkhead", "container_security", "plugins")
    for part in ("modules", "module_utils"):
        shutil.copytree(REPOSITORY / "plugins" / part, folder / plugins / part)
    packages = Path(ansible.__path__[0]).parent
    for package in ("ansible", "jmespath"):
        shutil.copytree(packages / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "galaxy"))
    arguments = {"ANSIBLE_MODULE_ARGS": {**subject.options, "config": {"debug": True}, "_ansible_remote_tmp": "/tmp"}}
    (folder / "arguments.json").write_text(json.dumps(arguments))
    module = "ansible_collections.bulkhead.container_security.plugins.modules.docker_daemon_config"
    result = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-m", module, "arguments.json"],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)},
    )
    assert result.stdout, result.stderr
    assert "No permission to use" in json.loads(result.stdout)["msg"]
    assert "become: true" in json.loads(result.stdout)["msg"]


class OldEngine(BaseHTTPRequestHandler):
    """A stand-in for an engine of 2017: what it says about its version, and nothing else."""

    def do_GET(self) -> None:
        body = json.dumps({"Version": "17.03.2-ce", "ApiVersion": "1.27", "MinAPIVersion": "1.12"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing to say."""

    def address_string(self) -> str:
        return "unix"


def test_a_docker_that_is_too_old(tmp_path: Path) -> None:
    path = f"/tmp/bulkhead-old-{uuid.uuid4().hex[:8]}.sock"
    server = ThreadingUnixStreamServer(path, OldEngine)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        result = run_module("docker_daemon_config", {"docker_host": f"unix://{path}", "config": {"debug": True}})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        os.unlink(path)
    assert "Docker 17.03.2-ce" in result["msg"]
    assert "is too old" in result["msg"]


def test_a_run_cut_off_while_the_daemon_was_down_is_completed(subject: Subject) -> None:
    # The daemon is stopped for its restart, and then the run is killed with everything else.
    command = script(subject.daemon.workdir, f"kill -9 $(cat {subject.daemon.pidfile}); kill -9 $PPID; sleep 0.2\n")
    with pytest.raises(Exception, match="printed no JSON"):
        subject.run(config={"log-driver": "local"}, restart_command=command)
    assert not subject.daemon.running
    assert subject.daemon.daemon_json() == {"log-driver": "local"}
    assert "An earlier run was cut off; run without check mode" in subject.run(check=True, config={})["msg"]
    result = subject.run(config={"log-driver": "local"})
    assert "failed" not in result, result["msg"]
    assert subject.info()["LoggingDriver"] == "local"
    assert not subject.configure({"log-driver": "local"})["changed"]
    assert not list(subject.state_dir.rglob("journal.json"))
    subject.run(state="absent")
    assert subject.text() == "{}\n", "what the cut off run did can be taken back"


def test_a_run_cut_off_with_a_configuration_that_does_not_work_is_taken_back(subject: Subject) -> None:
    command = script(subject.daemon.workdir, f"kill -9 $(cat {subject.daemon.pidfile}); kill -9 $PPID; sleep 0.2\n")
    with pytest.raises(Exception, match="printed no JSON"):
        subject.run(config={"storage-driver": "no-such-driver"}, restart_command=command)
    result = subject.run(config={"debug": True})
    assert "An earlier run was cut off, and the daemon did not start with its configuration" in result["msg"]
    assert OLD in result["msg"]
    assert (subject.text(), subject.info()["LoggingDriver"]) == ("{}\n", "json-file")
    assert subject.configure({"debug": True})["changed"]


def test_modes_of_the_file_survive(subject: Subject) -> None:
    subject.daemon.config_file.chmod(0o600)
    subject.run(config={"debug": True})
    assert stat.S_IMODE(subject.daemon.config_file.stat().st_mode) == 0o600


def test_what_passes_on_to_a_daemon_is_not_the_daemon(subject: Subject) -> None:
    before = subject.text()
    with proxy_of(subject.daemon) as address:
        result = subject.run(config={"debug": True}, docker_host=address)
        learned = run_module("docker_host_info", {"docker_host": address})
    assert "is not the daemon but passes on what another one says" in result["msg"]
    assert "is not the daemon but passes on what another one says" in learned["msg"]
    assert subject.text() == before

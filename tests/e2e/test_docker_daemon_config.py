# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker_daemon_config does what it declares, says before what that breaks, and does it once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.daemon_config import Subject
from tests.lab.dockerd import Dockerd

MakeDockerd = Callable[..., Dockerd]


@pytest.fixture
def subject(dockerd: Dockerd) -> Subject:
    return Subject(dockerd)


def test_reloadable_keys_take_effect_without_a_restart(subject: Subject) -> None:
    pid = subject.daemon.pid
    result = subject.configure({"debug": True, "labels": ["a=b", "c=d"], "max-concurrent-downloads": 7})
    assert (result["changed"], result["action"]) == (True, "reload")
    assert subject.daemon.pid == pid
    info = subject.info()
    assert info["Debug"]
    assert sorted(info["Labels"]) == ["a=b", "c=d"]
    assert result["states"]["max-concurrent-downloads"]["in_effect"] == 7
    again = subject.configure({"debug": True, "labels": ["a=b", "c=d"], "max-concurrent-downloads": 7})
    assert (again["changed"], again["action"], again["diff"]) == (False, "none", [])


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        ("live-restore", True, ["LiveRestoreEnabled"]),
        ("registry-mirrors", ["https://mirror.example.com/"], ["RegistryConfig", "Mirrors"]),
        ("insecure-registries", ["10.20.0.0/16"], ["RegistryConfig", "InsecureRegistryCIDRs", 0]),
        ("runtimes", {"other": {"path": "/usr/sbin/runc"}}, ["Runtimes", "other", "path"]),
        ("shutdown-timeout", 20, None),
        ("max-concurrent-uploads", 2, None),
        ("max-download-attempts", 3, None),
        ("features", {"buildkit": True}, None),
    ],
)
def test_every_key_of_the_reload_set_is_reloaded(subject: Subject, key: str, value: Any, path: list[Any]) -> None:
    pid = subject.daemon.pid
    assert subject.configure({key: value})["action"] == "reload"
    assert subject.daemon.pid == pid
    seen: Any = subject.info()
    for step in path or []:
        seen = seen[step]
    if path:
        assert seen in (value, value[0] if isinstance(value, list) else "/usr/sbin/runc")
    assert not subject.configure({key: value})["changed"]


def test_a_runtime_and_its_use_by_default_are_reloaded_together(subject: Subject) -> None:
    config = {"runtimes": {"other": {"path": "/usr/sbin/runc"}}, "default-runtime": "other"}
    assert subject.configure(config)["action"] == "reload"
    assert subject.info()["DefaultRuntime"] == "other"


def test_other_keys_need_a_restart_and_are_proved_afterwards(subject: Subject) -> None:
    pid = subject.daemon.pid
    config = {"log-driver": "local", "default-ulimits": {"nofile": {"Soft": 1024, "Hard": 4096}}, "experimental": True}
    result = subject.configure(config)
    assert (result["action"], subject.daemon.pid == pid) == ("restart", False)
    info = subject.info()
    assert (info["LoggingDriver"], info["ExperimentalBuild"]) == ("local", True)
    assert result["states"]["default-ulimits"]["in_effect"]["nofile"]["Hard"] == 4096
    assert not subject.configure(config)["changed"]


def test_what_is_in_effect_already_is_only_written(subject: Subject) -> None:
    pid = subject.daemon.pid
    result = subject.configure({"debug": False, "log-driver": "json-file", "icc": True, "userland-proxy": True})
    assert (result["changed"], result["action"]) == (True, "none")
    assert subject.daemon.pid == pid
    assert not subject.configure({"icc": True, "userland-proxy": True})["changed"]
    # The unseen ones are known from the daemon's start, also after a later reload has made the file newer.
    subject.configure({"debug": True})
    assert subject.configure({"icc": True, "userland-proxy": True})["action"] == "none"


def test_what_others_wrote_stays_in_its_place_and_form(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd()
    text = '{\n\t"max-concurrent-uploads": 4,\n\t"log-opts": {"max-size": "5m", "env": "A"},\n\t"labels": ["x=y"]\n}'
    daemon.config_file.write_text(text)
    daemon.config_file.chmod(0o640)
    os.chown(daemon.config_file, 0, 4)
    daemon.restart()
    subject = Subject(daemon)
    subject.configure({"log-opts": {"max-size": "10m", "max-file": 3}, "labels": ["a=b"]}, list_merge="append")
    assert list(daemon.daemon_json()) == ["max-concurrent-uploads", "log-opts", "labels"]
    assert daemon.daemon_json()["log-opts"] == {"max-size": "10m", "env": "A", "max-file": "3"}
    assert daemon.daemon_json()["labels"] == ["x=y", "a=b"]
    assert "\n\t" in subject.text()
    assert not subject.text().endswith("\n")
    status = daemon.config_file.stat()
    assert (status.st_mode & 0o777, status.st_gid) == (0o640, 4)


def test_a_key_and_a_member_are_taken_away(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd(daemon_json={"log-opts": {"max-size": "5m", "env": "A"}, "max-concurrent-downloads": 9})
    subject = Subject(daemon)
    result = subject.configure({"log-opts": {"env": None}}, absent=["max-concurrent-downloads"])
    assert daemon.daemon_json() == {"log-opts": {"max-size": "5m"}}
    assert result["action"] == "restart"
    assert not subject.configure({"log-opts": {"env": None}}, absent=["max-concurrent-downloads"])["changed"]


def test_the_daemon_is_back_at_its_default_when_a_reloadable_key_goes(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd(daemon_json={"debug": True, "labels": ["a=b"]})
    subject = Subject(daemon)
    # dockerd keeps both at a reload that does not name them.
    assert subject.configure({}, absent=["debug", "labels"])["action"] == "restart"
    assert not subject.info()["Debug"]
    assert not subject.info()["Labels"]


def test_absent_takes_back_what_we_did_and_nothing_else(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd(daemon_json={"debug": False, "labels": ["x=y"], "max-concurrent-uploads": 4})
    subject = Subject(daemon)
    before = subject.text()
    subject.configure({"debug": True, "labels": ["a=b"], "live-restore": True, "max-concurrent-uploads": 2})
    changed = {**daemon.daemon_json(), "max-concurrent-uploads": 3, "shutdown-timeout": 9}
    daemon.write_daemon_json(changed)
    daemon.reload()
    result = subject.run(state="absent")
    assert result["changed"]
    assert "max-concurrent-uploads was changed by others" in str(result["warnings"])
    assert daemon.daemon_json() == {**json.loads(before), "max-concurrent-uploads": 3, "shutdown-timeout": 9}
    assert not subject.info()["LiveRestoreEnabled"]
    assert not subject.run(state="absent")["changed"]


def test_live_restore_is_reloaded_first_so_that_no_container_stops(subject: Subject) -> None:
    with subject.containers(web="no", db="always") as ids:
        result = subject.configure({"live-restore": True, "log-driver": "local"}, max_containers_stopped=0)
        assert (result["action"], result["plan"]["reload_first"]) == ("restart", True)
        assert result["plan"]["containers_kept"] == ["db", "web"]
        assert result["plan"]["containers_stopped"] == []
        assert subject.running() == set(ids)
    assert subject.info()["LoggingDriver"] == "local"


def test_this_release_removes_auto_removed_containers_in_spite_of_live_restore(subject: Subject) -> None:
    with subject.containers(web="no", once="rm"):
        plan = subject.configure({"live-restore": True, "log-driver": "local"})["plan"]
        assert (plan["containers_kept"], plan["containers_removed"]) == (["web"], ["once"])
        assert subject.running() == {"web"}


def test_the_blast_radius_is_said_before_and_holds(subject: Subject) -> None:
    with subject.containers(stays_down="no", comes_back="always", goes_away="rm"):
        message = subject.refused({"log-driver": "local"}, max_containers_stopped=2)
        assert "would stop 3 containers (comes_back, goes_away, stays_down)" in message
        assert subject.running() == {"stays_down", "comes_back", "goes_away"}
        plan = subject.configure({"log-driver": "local"})["plan"]
        assert plan["containers_stopped"] == ["comes_back", "goes_away", "stays_down"]
        assert plan["containers_restarted"] == ["comes_back"]
        assert plan["containers_removed"] == ["goes_away"]
        assert subject.running() == {"comes_back"}


def test_a_store_that_hides_images_is_asked_for_twice(subject: Subject) -> None:
    with subject.containers(web="always"):
        message = subject.refused({"exec-opts": ["native.cgroupdriver=cgroupfs"], "storage-driver": "vfs"})
        assert "storage-driver gives the daemon another store" in message
        assert "allow_hidden_images" in message
        plan = subject.configure({"storage-driver": "vfs"}, allow_hidden_images=True)["plan"]
        assert plan["images_hidden"]["because"] == ["storage-driver"]
        assert plan["containers_restarted"] == []
        assert subject.info()["Images"] == 0
        subject.run(state="absent", allow_hidden_images=True)
        assert subject.info()["Images"] > 0


def test_containers_are_not_left_running_without_a_daemon_that_knows_them(make_dockerd: MakeDockerd) -> None:
    subject = Subject(make_dockerd(daemon_json={"live-restore": True}))
    with subject.containers(web="no"):
        message = subject.refused({"storage-driver": "vfs"}, allow_hidden_images=True)
    assert "would leave 1 container (web) running without a daemon" in message


def test_an_edit_by_hand_that_waits_for_a_restart_is_brought_into_effect(subject: Subject) -> None:
    subject.daemon.write_daemon_json({"log-driver": "local", "debug": True})
    result = subject.configure({"log-driver": "local", "debug": True})
    assert (result["changed"], result["action"]) == (True, "restart")
    assert '"log-driver": "json-file"' in result["diff"][0]["before"]
    assert subject.info()["LoggingDriver"] == "local"
    assert not subject.configure({"log-driver": "local", "debug": True})["changed"]


def test_a_reloadable_edit_by_hand_is_only_reloaded(subject: Subject) -> None:
    subject.daemon.write_daemon_json({"debug": True})
    assert subject.configure({"debug": True})["action"] == "reload"


def test_apply_reload_writes_and_says_what_waits(subject: Subject) -> None:
    pid = subject.daemon.pid
    result = subject.configure({"debug": True, "log-driver": "local"}, apply="reload")
    assert (result["action"], result["pending_restart"]) == ("reload", True)
    assert subject.daemon.pid == pid
    assert subject.info()["Debug"]
    again = subject.configure({"debug": True, "log-driver": "local"}, apply="reload")
    assert (again["changed"], again["pending_restart"]) == (False, True)
    assert subject.configure({"debug": True, "log-driver": "local"})["action"] == "restart"


def test_apply_none_only_writes(subject: Subject) -> None:
    result = subject.configure({"debug": True}, apply="none")
    assert (result["action"], result["pending_restart"]) == ("none", True)
    assert not subject.info()["Debug"]
    assert not subject.configure({"debug": True}, apply="none")["changed"]


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"debg": True}, "debg is not an option of dockerd 20.10.24"),
        ({"label": ["a=b"]}, "label is not a key of daemon.json; write labels"),
        ({"live_restore": True}, "write live-restore"),
        ({"proxies": {"http-proxy": "http://proxy.example.com"}}, "proxies needs Docker 23.0 or later"),
        ({"disable-legacy-registry": True}, "disable-legacy-registry was retired in Docker 19.03"),
        ({"icc": "false"}, "icc wants a boolean (true or false, unquoted), not the string 'false'"),
        ({"log-opts": ["max-size=5m"]}, "log-opts wants a map, not a list"),
        ({"default-ulimits": {"nofile": {"Soft": 9, "Hard": 5}}}, "Soft (9) is above Hard (5)"),
        ({"bridge": "none"}, "bridge is already set by its command line (--bridge, to none)"),
        ({"hosts": ["unix:///run/other.sock"]}, "hosts is already set by its command line (--host"),
        ({"default-runtime": "crun"}, "default-runtime is crun, which is not among runtimes"),
        ({"icc": False}, "icc false works through iptables, and iptables is false"),
        ({"authorization-plugins": ["nobody"]}, "there is no plugin nobody"),
        ({"log-driver": "nothing"}, "this daemon has no driver nothing, and no container would start"),
    ],
)
def test_what_dockerd_would_refuse_is_refused_before_the_file_is_touched(
    subject: Subject, config: dict[str, Any], says: str
) -> None:
    before, pid = subject.daemon.config_file.stat(), subject.daemon.pid
    assert says in subject.refused(config)
    assert subject.daemon.config_file.stat() == before
    assert subject.daemon.pid == pid
    assert not subject.state_dir.exists()


def test_a_file_that_others_have_spoilt_is_not_brought_into_effect(subject: Subject) -> None:
    subject.daemon.write_daemon_json({"lable": ["a=b"]})
    assert "lable is not an option of dockerd" in subject.refused({"debug": True})
    assert subject.configure({"debug": True}, absent=["lable"])["changed"]


def test_a_reload_that_would_forget_a_flag_becomes_a_restart(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd(flags=["--max-concurrent-uploads=2"])
    result = Subject(daemon).configure({"debug": True})
    assert result["action"] == "restart"
    assert "forget --max-concurrent-uploads" in result["plan"]["warnings"][0]


def test_secrets_are_shown_nowhere(subject: Subject) -> None:
    secret = "correct-horse-battery-staple"
    config: dict[str, Any] = {"log-driver": "splunk", "log-opts": {"splunk-url": "https://splunk.example.com"}}
    mirror = {"registry-mirrors": [f"https://user:{secret}@mirror.example.com"]}
    result = subject.configure({**config, **mirror}, secret_config={"log-opts": {"splunk-token": secret}}, apply="none")
    result.pop("invocation")
    assert secret not in json.dumps(result)
    assert subject.daemon.daemon_json()["log-opts"]["splunk-token"] == secret
    changed = subject.run(secret_config={"log-opts": {"splunk-token": "another"}}, apply="none")
    assert changed["diff"][0]["before"] != changed["diff"][0]["after"], "that a secret changes is seen"
    for path in subject.state_dir.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, f"{path} may hold secrets and is open to others"


def test_backups_are_kept_and_limited(subject: Subject) -> None:
    before = subject.text()
    first = subject.run(config={"debug": True}, backup_count=2)["backup_file"]
    with open(first, encoding="utf-8") as file:
        assert file.read() == before
    for number in range(3):
        subject.run(config={"shutdown-timeout": 20 + number}, backup_count=2)
    assert len(list(subject.state_dir.rglob("daemon.json.*"))) == 2
    assert "backup_file" not in subject.run(config={"debug": False}, backup=False)
    assert not list(subject.state_dir.rglob("daemon.json.*"))


def test_the_file_of_a_daemon_that_does_not_run_is_written_beforehand(subject: Subject) -> None:
    subject.daemon.stop()
    options = {"path": str(subject.daemon.config_file), "engine_version": "20.10.24"}
    assert subject.configure({"log-driver": "local"}, **options)["action"] == "none"
    assert not subject.configure({"log-driver": "local"}, **options)["changed"]
    assert "proxies needs Docker 23.0" in subject.refused({"proxies": {}}, **options)
    subject.daemon.start()
    assert subject.info()["LoggingDriver"] == "local"
    assert not subject.configure({"log-driver": "local"})["changed"]


def test_the_file_is_the_one_that_the_daemon_reads(subject: Subject) -> None:
    assert subject.configure({"debug": True})["config_file"] == str(subject.daemon.config_file)
    message = subject.refused({"debug": True}, path="/etc/docker/other.json")
    assert f"The daemon reads {subject.daemon.config_file} and not /etc/docker/other.json" in message


def test_a_tcp_address_needs_the_pidfile(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd(tcp=True)
    subject = Subject(daemon)
    subject.options["docker_host"] = daemon.tcp_host
    assert "name its pidfile" in subject.refused({"debug": True})
    assert subject.configure({"debug": True}, pidfile=str(daemon.pidfile))["action"] == "reload"


def test_the_target_python_may_be_the_systems_own(subject: Subject) -> None:
    python = shutil.which("python3", path="/usr/bin")
    if python is None:
        pytest.skip("no system Python")
    from tests.lab.ansible import run_module

    result = run_module("docker_daemon_config", {**subject.options, "config": {"debug": True}}, python=python)
    assert result["changed"]

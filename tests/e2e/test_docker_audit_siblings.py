# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark's own script gets wrong, and the errors beside those: each on a daemon of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.types import DriverConfig, LogConfig, Mount, Ulimit

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus
from tests.e2e.docker_audit_run import Failures, failures, one, run_audit
from tests.e2e.proxy import proxy_of
from tests.lab.cast import Member, enter, prepare
from tests.lab.dockerd import Dockerd
from tests.lab.images import KEPT

INTERNAL = "lab-internal"
TOOR = "lab/toor:1.0"
ALLOW_ALL = json.dumps({"defaultAction": "SCMP_ACT_ALLOW"})
SOME_REFUSED = json.dumps(
    {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]}
)
ON_EVERY_CPU = {"nano_cpus": None, "cpu_shares": None, "cpuset_cpus": f"0-{(os.cpu_count() or 1) - 1}"}
URL = {"DATABASE": "postgres://app:correct-horse@db/app"}
QUOTA_OF_EVERY_CPU = {"nano_cpus": None, "cpu_shares": None, "cpu_quota": 100_000 * (os.cpu_count() or 1)}
ETC_READ_ONLY = DriverConfig("local", {"type": "none", "o": "bind,ro", "device": "/etc"})
CHECK = {"test": ["CMD-SHELL", "mysqladmin --password=hunter22 status"], "interval": 300 * 10**9}
REFERENCES = {"PASSWORD": "$VAULT", "API_TOKEN": "vault:secret/api", "SECRET_KEY_FILE": "/run/secrets/key"}


def _binds(*binds: str) -> dict[str, Any]:
    return {"volumes": list(binds)}


def siblings(folder: Path) -> tuple[Member, ...]:
    return (
        Member("kept-bare-option", {"security_opt": ["no-new-privileges"]}),
        Member("kept-mentions-sshd", {"command": ["sh", "-c", "sleep 2147483647; /usr/sbin/sshd"]}),
        Member("kept-zone-info", _binds("/usr/share/zoneinfo:/usr/share/zoneinfo:ro")),
        Member("kept-secret-elsewhere", {"environment": REFERENCES}),
        Member("kept-by-uid-with-group-root", {"user": "1000:0"}),
        Member("kept-own-seccomp", {"security_opt": ["no-new-privileges:true", f"seccomp={SOME_REFUSED}"]}),
        Member("kept-cap-add-default", {"cap_add": ["CHOWN", "cap_setuid"]}),
        Member("kept-dropped-one-by-one", {"cap_drop": ["NET_RAW"]}),
        Member("kept-tmpfs-on-etc", {"tmpfs": {"/etc/app": "size=1m"}}),
        Member("kept-port-ipv6-loopback", {"ports": {"8082/tcp": ("::1", 8082)}}),
        Member(
            "seccomp-allows-all", {"security_opt": ["no-new-privileges:true", f"seccomp={ALLOW_ALL}"]}, ("seccomp",)
        ),
        Member("new-privileges-colon", {"security_opt": ["no-new-privileges:false"]}, ("no_new_privileges",)),
        Member("new-privileges-created", {"security_opt": None}, ("no_new_privileges",), started=False),
        Member("cap-add-spelled-out", {"cap_add": ["cap_sys_ptrace"]}, ("capabilities",)),
        Member("root-by-zeros", {"user": "00"}, ("root_user",)),
        Member("root-by-name-and-group", {"user": "root:root"}, ("root_user",)),
        Member("every-cpu", ON_EVERY_CPU, ("cpu_limit",)),
        Member("default-cpu-shares", {"nano_cpus": None, "cpu_shares": 1024}, ("cpu_limit",)),
        Member(
            "ulimit-raised", {"ulimits": [Ulimit(name="nofile", soft=128, hard=1048576)]}, ("ulimits",), started=False
        ),
        Member("memory-beyond-host", {"mem_limit": 2**62, "memswap_limit": None}, ("memory_limit",), started=False),
        Member("quota-of-every-cpu", QUOTA_OF_EVERY_CPU, ("cpu_limit",)),
        Member("kept-port-without-network", {"network": None, "network_mode": "none", "ports": {"8084/tcp": 8084}}),
        Member("kept-port-on-internal-network", {"network": INTERNAL, "ports": {"8085/tcp": 8085}}),
        Member(
            "all-ports-created",
            {"publish_all_ports": True},
            ("unneeded_port", "wildcard_port"),
            image="lab/sshd:1.0",
            started=False,
        ),
        Member("port-ipv6-zeros-created", {"ports": {"8086/tcp": ("::0", 8086)}}, ("wildcard_port",), started=False),
        Member("root-by-another-name-created", {}, ("root_user",), image=TOOR, started=False),
        Member("lib-read-only", _binds("/lib:/host:ro"), ("sensitive_mount_read_only",)),
        Member(
            "etc-by-read-only-volume",
            {"mounts": [Mount("/host", "etc-read-only", type="volume", driver_config=ETC_READ_ONLY)]},
            ("sensitive_mount_read_only",),
        ),
        Member("secret-in-health-check", {"healthcheck": CHECK}, ("secrets",)),
        Member("kept-counts-tokens", {"environment": {"MAX_TOKENS": "4096", "PASSWORD_MIN_LENGTH": "8"}}),
        Member("oom-score-negative", {"oom_score_adj": -500}, ("oom_score",), started=False),
        Member("default-bridge-created", {"network": None}, ("default_bridge",), started=False),
        Member("port-created", {"ports": {"8083/tcp": 8083}}, ("wildcard_port",), started=False),
        Member(
            "port-privileged-created", {"ports": {"93/udp": ("127.0.0.1", 93)}}, ("privileged_port",), started=False
        ),
        Member("etc-by-link", _binds(f"{folder}/etc-link:/host"), ("sensitive_mount",)),
        Member("file-of-etc", _binds("/etc/hostname:/hostname"), ("sensitive_mount",)),
        Member("shadow-read-only", _binds("/etc/shadow:/shadow:ro"), ("sensitive_mount_read_only",)),
        Member("proc-of-host", _binds("/proc:/host/proc:ro"), ("sensitive_mount_read_only",)),
        Member("volume-of-other", {"mounts": [Mount("/data", "kept-data", type="volume")]}),
        Member("secret-in-url", {"environment": URL}, ("secrets",)),
        Member(
            "secret-in-command",
            {"command": ["sleep", "2147483647", "--token", "hunter22"]},
            ("secrets",),
            started=False,
        ),
        Member("kept-secret-file-in-command", {"command": ["sleep", "2147483647", "--token-file=/t"]}, started=False),
        Member("log-tagged-only", {"log_config": LogConfig(type="json-file", config={"tag": "x"})}, ("log_size",)),
        Member("uts-of-host-created", {"uts_mode": "host"}, ("host_uts",), started=False),
        Member("floating-by-omission", {}, ("floating_tag",), image="lab/unpinned"),
    )


@dataclass(frozen=True)
class Company:
    """A daemon with the siblings on it, and the failures that were found."""

    daemon: Dockerd
    client: docker.DockerClient
    members: tuple[Member, ...]
    found: Failures


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with Dockerd(bridge=True) as daemon, contextlib.closing(daemon.client()) as client:
        (daemon.workdir / "etc-link").symlink_to("/etc")
        prepare(client, ["lab/unpinned:latest", "lab/sshd:1.0"])
        client.networks.create(INTERNAL, internal=True)
        dockerfile = f"FROM {KEPT}\nUSER 0\nRUN echo toor:x:0:0::/:/bin/sh >> /etc/passwd\nUSER toor\n"
        client.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=TOOR, rm=True)
        members = siblings(daemon.workdir)
        for member in members:
            enter(client, member)
        yield Company(daemon, client, members, failures(run_audit(daemon.docker_host), "container"))


@pytest.fixture
def nobody(company: Company) -> Iterator[None]:
    """An ordinary user who may use the socket."""
    os.chmod(company.daemon.workdir, 0o755)
    os.chmod(company.daemon.socket, 0o666)
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_each_sibling_fails_exactly_the_controls_that_it_must(company: Company) -> None:
    wrong = {
        member.name: (sorted(company.found.get(member.name, set())), sorted(member.failing_controls))
        for member in company.members
        if company.found.get(member.name, set()) != member.failing_controls
    }
    assert wrong == {}


def test_unmasked_kernel_paths(company: Company) -> None:
    body = {"Image": KEPT, "HostConfig": {"MaskedPaths": [], "ReadonlyPaths": []}}
    with contextlib.closing(Engine(company.daemon.docker_host)) as engine:
        engine.post("/containers/create", body, name="unmasked")
    result = run_audit(company.daemon.docker_host, select=["docker.container.kernel_paths"])
    assert failures(result, "container") == {"unmasked": {"docker.container.kernel_paths"}}
    company.client.containers.get("unmasked").remove()


def test_a_tag_that_moved(company: Company) -> None:
    old = company.client.images.get(KEPT)
    old.tag("lab/moving", "1.0")
    container = enter(company.client, Member("left-behind", image="lab/moving:1.0"))
    select = ["docker.container.outdated_image"]
    assert failures(run_audit(company.daemon.docker_host, select=select), "container") == {}
    company.client.images.get("lab/unpinned").tag("lab/moving", "1.0")
    found = failures(run_audit(company.daemon.docker_host, select=select), "container")
    assert found == {"left-behind": {"docker.container.outdated_image"}}
    container.remove(force=True)


def test_a_container_that_goes_while_it_is_looked_at(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Engine.get

    def get(self: Engine, path: str, **query: object) -> Any:
        answer = real(self, path, **query)
        return [*answer, {**answer[0], "Id": "0" * 64, "Names": ["/gone"]}] if path == "/containers/json" else answer

    monkeypatch.setattr(Engine, "get", get)
    result = run_audit(company.daemon.docker_host, include_passes=True)
    assert "gone" not in {finding["subject"]["name"] for finding in result["findings"]}
    assert result["summary"]["status"]["error"] == 0


def test_a_container_that_cannot_be_read_is_an_error_of_every_control(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = company.client.containers.get("etc-by-link").id
    real = Engine.get

    def refusing(self: Engine, path: str, **query: object) -> Any:
        if path == f"/containers/{identity}/json":
            raise EngineStatus(500, "The engine refused it with 500: layer does not exist")
        return real(self, path, **query)

    monkeypatch.setattr(Engine, "get", refusing)
    result = run_audit(company.daemon.docker_host, include_passes=True)
    mine = [finding for finding in result["findings"] if finding["subject"]["name"] == "etc-by-link"]
    assert {finding["status"] for finding in mine} == {"error"}
    assert all("layer does not exist" in finding["reason"] for finding in mine)


def _build(client: docker.DockerClient, tag: str, dockerfile: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in {"Dockerfile": dockerfile, "payload": "x"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    buffer.seek(0)
    client.images.build(fileobj=buffer, custom_context=True, tag=tag, rm=True)


def test_images_by_their_history(company: Company) -> None:
    recipes = {
        "lab/history-clean:1.0": "COPY payload /tmp/a\nRUN true && echo 'apt-get update' > /tmp/b\nLABEL note=ADD\n",
        "lab/history-update-and-install:1.0": "RUN (apt-get update && apt-get install -y curl) || true\n",
        "lab/history-update-then-install:1.0": "RUN apt-get update || true\nRUN apt-get install -y curl || true\n",
        "lab/history-apk:1.0": "RUN apk update || true\n",
        "lab/history-add-url-like:1.0": "ENV ADD=1\nADD payload /tmp/x\n",
        "lab/history-arg-secret:1.0": "ARG DEPLOY_TOKEN=correct-horse-battery\nRUN true\n",
        "lab/history-insecure:1.0": "RUN curl -fsSLk https://example.com/x || true\n",
    }
    for tag, text in recipes.items():
        _build(company.client, tag, f"FROM {KEPT}\n{text}")
    result = run_audit(company.daemon.docker_host, select=["docker.image.*"])
    found = {name: ids for name, ids in failures(result, "image").items() if name.startswith("lab/history")}
    assert found == {
        "lab/history-update-then-install:1.0": {"docker.image.lone_update"},
        "lab/history-apk:1.0": {"docker.image.lone_update"},
        "lab/history-add-url-like:1.0": {"docker.image.add"},
        "lab/history-arg-secret:1.0": {"docker.image.secrets"},
        "lab/history-insecure:1.0": {"docker.image.unverified_install"},
    }
    assert "correct-horse" not in repr(result)


def test_ports_that_nobody_chose(company: Company) -> None:
    _build(company.client, "lab/exposed:1.0", f"FROM {KEPT}\nEXPOSE 8090\n")
    members = (
        Member("every-port", {"publish_all_ports": True}, image="lab/exposed:1.0"),
        Member("debug-port", {"ports": {"9229/tcp": ("127.0.0.1", 9229)}}, image="lab/exposed:1.0"),
        Member("kept-port", {"ports": {"8090/tcp": ("127.0.0.1", 8090)}}, image="lab/exposed:1.0"),
    )
    containers = [enter(company.client, member) for member in members]
    result = run_audit(company.daemon.docker_host, select=["docker.container.*_port"])
    found = {name: ids for name, ids in failures(result, "container").items() if name.endswith("-port")}
    assert found == {
        "every-port": {"docker.container.unneeded_port", "docker.container.wildcard_port"},
        "debug-port": {"docker.container.unneeded_port"},
    }
    for container in containers:
        container.remove(force=True)


def test_without_root_what_cannot_be_told_is_an_error(company: Company, nobody: None) -> None:
    result = run_audit(company.daemon.docker_host)
    undecided = failures(result, "container", "error")
    assert undecided["new-privileges-created"] == {"docker.container.no_new_privileges"}
    assert undecided["kept-bare-option"] == set()
    found = failures(result, "container")
    told_by_the_api = {
        "cap-add-spelled-out": {"docker.container.capabilities"},
        "every-cpu": {"docker.container.cpu_limit"},
    }
    assert {name: found[name] for name in told_by_the_api} == told_by_the_api
    # Of the host nothing is claimed: neither good nor bad.
    assert failures(result, "file", "fail", "pass") == {}
    reasons = {finding["reason"] for finding in result["findings"] if finding["subject"]["kind"] == "file"}
    assert all("become: true" in reason for reason in reasons)


def test_trusted_registries(company: Company) -> None:
    image = company.client.images.get(KEPT)
    image.tag("registry.example.com:5000/team/app", "1.0")
    image.tag("registry.example.com.evil.org/team/app", "1.0")
    select = ["docker.image.trusted_source"]
    host = company.daemon.docker_host
    assert one(run_audit(host, select=select), select[0])["status"] == "manual"
    found = failures(run_audit(host, select=select, allowed_registries=["docker.io"]), "image")
    assert list(found) == [KEPT]
    result = run_audit(host, select=select, allowed_registries=["docker.io", "registry.example.com:5000/team"])
    assert one(result, select[0], KEPT)["actual"] == ["registry.example.com.evil.org/team/app"]
    for tag in ("registry.example.com:5000/team/app:1.0", "registry.example.com.evil.org/team/app:1.0"):
        company.client.images.remove(tag)


def test_defaults_of_the_daemon_that_came_after_the_container(make_dockerd: Callable[..., Dockerd]) -> None:
    daemon = make_dockerd(daemon_json={"live-restore": True})
    with contextlib.closing(daemon.client()) as client:
        prepare(client, [])
        before = {"security_opt": None, "network": None, "network_mode": "none", "ulimits": None}
        enter(client, Member("old", before))
        enter(client, Member("old-created", before, started=False))
        enter(client, Member("old-exempt", {**before, "security_opt": ["no-new-privileges=false"]}))
        stricter = {
            "live-restore": True,
            "no-new-privileges": True,
            "log-driver": "local",
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 64, "Hard": 96}},
        }
        time.sleep(1.1)  # a file's time and a process's start are told apart by less, but not by nothing
        daemon.write_daemon_json(stricter)
        daemon.restart()
        enter(client, Member("new", before))
        result = run_audit(daemon.docker_host)
        found = failures(result, "container")
        nnp, outdated = "docker.container.no_new_privileges", "docker.container.outdated_defaults"
        assert {name: ids & {nnp, outdated} for name, ids in found.items() if ids & {nnp, outdated}} == {
            "old": {nnp, outdated},
            "old-created": {nnp},
            "old-exempt": {nnp, outdated},
        }
        options = {row["option"] for row in one(result, outdated, "old")["actual"]}
        assert options == {"log-driver", "no-new-privileges", "default-ulimits nofile"}
        exempt = {row["option"] for row in one(result, outdated, "old-exempt")["actual"]}
        assert exempt == {"log-driver", "default-ulimits nofile"}


def test_another_host_is_judged_by_the_api_alone(make_dockerd: Callable[..., Dockerd]) -> None:
    """A TCP address, and no pidfile: as if the daemon were elsewhere."""
    daemon = make_dockerd(tcp=True)
    assert daemon.tcp_host
    with contextlib.closing(daemon.client()) as client:
        prepare(client, ["lab/sshd:1.0"])
        alone = {"network": None, "network_mode": "none"}
        command = {"command": ["/usr/sbin/sshd", "-D"]}
        enter(client, Member("sshd-inside", {**alone, **command}, image="lab/sshd:1.0"))
        enter(client, Member("host-pid", {**alone, "pid_mode": "host"}))
        enter(client, Member("undecided", {**alone, "security_opt": None, "ulimits": None}))
        result = run_audit(daemon.tcp_host)
    found = failures(result, "container")
    assert found == {"sshd-inside": {"docker.container.ssh_server"}, "host-pid": {"docker.container.host_pid"}}
    # What the API does not tell is an error, and not a pass.
    assert failures(result, "container", "error") == {
        "host-pid": {"docker.container.ssh_server"},
        "undecided": {"docker.container.no_new_privileges", "docker.container.open_files"},
    }


def test_a_proxy_in_front_of_the_socket_is_not_taken_for_the_daemon(make_dockerd: Callable[..., Dockerd]) -> None:
    daemon = make_dockerd(flags=["--no-new-privileges"])
    with proxy_of(daemon) as address:
        result = run_audit(address, include_passes=True)
    assert one(result, "docker.daemon.no_new_privileges")["status"] == "error"
    assert failures(result, "file", "pass", "fail") == {}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role anchore on a real dockerd by docker-compose. Programs that stand in for the engine and its database run."""

from __future__ import annotations

import contextlib
import io
import json
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment import database
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.compose import (
    compose_project,
)
from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import REPOSITORY, Dockerd
from tests.lab.python_image import make_python_image
from tests.unit.anchore_declaration import declared

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.anchore]
"""
IMAGE = "lab/anchore:1"
# What the image of the engine has, and the role asks of it, beside anchore-manager.
CURL = """#!/usr/local/bin/python3
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[sys.argv.index("--cacert") + 1])
urllib.request.urlopen(sys.argv[-1], context=context, timeout=5)
"""
ASK = """
import base64, ssl, sys, urllib.error, urllib.request
request = urllib.request.Request("https://127.0.0.1:8228/v1/user")
request.add_header("Authorization", "Basic " + base64.b64encode(b"admin:" + sys.argv[2].encode()).decode())
try:
    answer = urllib.request.urlopen(request, context=ssl.create_default_context(cafile=sys.argv[1]), timeout=10).status
except urllib.error.HTTPError as error:
    answer = error.code
print(answer, end="")
"""
FOLDERS = ("anchore_service", "analysis_scratch")


def make_image(client: docker.DockerClient) -> None:
    """The image for the engine's services, and one for PostgreSQL, which stays asleep."""
    programs = {
        "anchore-manager": "#!/usr/local/bin/python3\n"
        + (REPOSITORY / "tests/e2e/anchore_service_program.py").read_text(),
        "curl": CURL,
        "docker-entrypoint.sh": "#!/bin/sh\nexec /bin/busybox sleep 3600\n",
        "pg_isready": "#!/bin/sh\n",
        "psql": "#!/bin/sh\n",
    }
    layer, context = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        for name, text in programs.items():
            member = tarfile.TarInfo(f"usr/local/bin/{name}")
            member.size, member.mode = len(text.encode()), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))
        for name in FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode, folder.uid, folder.gid = tarfile.DIRTYPE, 0o775, 1000, 0
            archive.addfile(folder)
    files = {
        "Dockerfile": f"FROM {make_python_image(client)}\nADD layer.tar /\n".encode(),
        "layer.tar": layer.getvalue(),
    }
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    context.seek(0)
    client.images.build(fileobj=context, custom_context=True, tag=IMAGE, rm=True)


class Host:
    """A daemon with the images on it, and the role to run there: modules see the daemon's network as their own."""

    def __init__(self, daemon: Dockerd, folder: Path) -> None:
        self.daemon, self.folder, self.etc = daemon, folder, folder / "anchore"
        self.python = folder / "python"
        self.python.write_text(f'#!/bin/sh\nexec nsenter --net={daemon.network_namespace} -- {sys.executable} "$@"\n')
        self.python.chmod(0o755)

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        playbook = self.folder / "play.yml"
        playbook.write_text(PLAY)
        own = {
            "platform": "host",
            "image": IMAGE,
            "database_image": IMAGE,
            "host_dir": str(self.etc),
            "pki_dir": str(self.folder / "pki"),
            "record": str(self.folder / "record"),
            "compose_command": ["docker-compose"],
            "docker_host": self.daemon.docker_host,
            "internal_tls": True,
            "wait_timeout": 60,
            # The stand-in judges no images.
            "policies": [],
        }
        variables = {f"anchore_{name}": value for name, value in {**own, **options}.items()}
        return run_playbook(
            playbook,
            extra_vars={**variables, "ansible_python_interpreter": str(self.python)},
            check=check,
            diff=True,
        )

    @property
    def kept(self) -> dict[str, str]:
        return dict(json.loads((self.etc / "secrets/credentials.json").read_text()))

    def status(self, password: str) -> str:
        """What the API answers to a user with this password, whose certificate is verified."""
        request = ["-c", ASK, str(self.folder / "pki/ca.pem"), password]
        return subprocess.run([self.python, *request], capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Dockerd(bridge=True) as daemon:
        with contextlib.closing(daemon.client()) as client:
            make_image(client)
        yield Host(daemon, tmp_path)


def test_the_engine_runs_confined_keeps_its_secrets_and_goes(host: Host) -> None:
    assert host.role(check=True).check().changed
    assert not host.etc.exists()
    first = host.role().check()
    kept = host.kept
    assert host.status(kept["admin_password"]) == "200"
    assert host.status("wrong-password") == "401"
    with contextlib.closing(host.daemon.client()) as client:
        before = {each.name: each for each in client.containers.list()}
        assert len(before) == 6
        for each in before.values():
            settings = each.attrs["HostConfig"]
            assert settings["CapDrop"] == ["ALL"]
            assert settings["ReadonlyRootfs"]
            assert settings["SecurityOpt"] == ["no-new-privileges:true"]
            assert settings["Memory"]
            assert settings["PidsLimit"]
            assert each.attrs["Config"]["User"] in ("1000:1000", "999:999")
            assert each.attrs["State"]["Health"]["Status"] in ("healthy", "starting")
            # Whoever may look at containers sees no secret.
            assert not [secret for secret in kept.values() if secret in json.dumps(each.attrs)]
        published = [
            port for each in before.values() for port in (each.attrs["HostConfig"]["PortBindings"] or {}).items()
        ]
        assert published == [("8228/tcp", [{"HostIp": "127.0.0.1", "HostPort": "8228"}])]
        for name in ("anchore.env", "config.yaml", "key.pem", "credentials.json", "db_password"):
            assert stat.S_IMODE((host.etc / "secrets" / name).stat().st_mode) == 0o600
        assert stat.S_IMODE((host.etc / "secrets").stat().st_mode) == 0o700
        again = host.role().check()
        assert again.changed == []

        rotated = host.role(rotate_credentials=True).check()
        assert host.kept["admin_password"] != kept["admin_password"]
        assert host.status(host.kept["admin_password"]) == "200"
        assert host.status(kept["admin_password"]) == "401"
        # The password of the database is read when containers start.
        assert not {each.id for each in before.values()} & {each.id for each in client.containers.list()}
        for run in (first, again, rotated):
            for secret in (*kept.values(), *host.kept.values()):
                assert secret not in run.stdout + run.stderr + json.dumps([task["result"] for task in run.tasks])

        assert host.role(state="absent").check().changed
        assert client.containers.list(all=True) == []
        assert client.volumes.list()
        assert host.kept
        assert host.role(state="absent", remove_data=True).check().changed
        assert not host.etc.exists()


@pytest.mark.parametrize(
    "more",
    [{}, {"database": {"own": False, "host": "db.example.com", "sslmode": "require"}}, {"tls": False, "files": {}}],
)
def test_compose_takes_the_file(tmp_path: Path, more: dict[str, Any]) -> None:
    file = tmp_path / "compose.yaml"
    project = compose_project(declared(**more))
    file.write_text(json.dumps(project))
    read = subprocess.run(
        ["docker-compose", "-f", file, "config"], capture_output=True, text=True, check=True, timeout=60
    )
    services = yaml.safe_load(read.stdout)["services"]
    assert services.keys() == project["services"].keys()
    assert read.stderr == ""
    if "db" in services:
        # Compose has put no variables in, and written each $ twice.
        assert [part.replace("$$", "$") for part in services["db"]["entrypoint"]] == database.start_command()

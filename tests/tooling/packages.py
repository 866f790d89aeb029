# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages that the lab and the environments need: what is missing is installed, and the terminal says why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tooling import places


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin") is not None


def _ensurepip() -> bool:
    # Debian keeps it out of python3; `python3 -m venv` fails without it.
    return subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0


def _installed(package: str) -> Callable[[], bool]:
    marker = Path("/var/lib/dpkg/info") / f"{package}.list"
    return marker.exists


def _postgresql() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Package:
    """A Debian package, why we want it, and how to see that the machine has what it gives."""

    name: str
    why: str
    there: Callable[[], bool]


GROUPS: dict[str, tuple[Package, ...]] = {
    "venv": (
        Package("python3-venv", "Python environments under .build/", _ensurepip),
        Package("git", "lists the files that belong to the collection", _program("git")),
    ),
    "lab": (
        Package("docker.io", "dockerd, which the lab starts on a socket of its own", _program("dockerd")),
        Package("busybox-static", "the content of the lab's images", _installed("busybox-static")),
        Package("iproute2", "the lab's network namespace", _program("ip")),
        Package("util-linux", "nsenter, for the lab's network namespace", _program("nsenter")),
        Package("iptables", "the lab's bridge network", _program("iptables")),
        Package("openssl", "an independent look at certificates", _program("openssl")),
    ),
    "falco": (Package("sysdig", "compiles conditions with Falco's own engine, to compare", _program("sysdig")),),
    "kubernetes": (
        Package("etcd-server", "etcd, the memory of the lab's clusters", _program("etcd")),
        Package("containernetworking-plugins", "the network of the lab's pods", Path("/usr/lib/cni/bridge").exists),
        Package("socat", "port forwarding into the lab's pods", _program("socat")),
    ),
    "kubernetes-build": (
        Package("golang-go", "compiles Kubernetes for the lab", _program("go")),
        Package("dpkg-dev", "unpacks its source", _program("dpkg-source")),
        Package("patch", "applies Debian's patches to it", _program("patch")),
        Package("xz-utils", "unpacks those", _program("xz")),
        Package("debian-archive-keyring", "proves that it is Debian's", _KEYRING.exists),
    ),
    "eda": (Package("default-jre-headless", "the rule engine of ansible-rulebook", _program("java")),),
    "sanity": (Package("shellcheck", "reads the shell scripts, for ansible-test", _program("shellcheck")),),
    "images": (
        Package("openscap-scanner", "evaluates the content of the role openscap", _program("oscap")),
        Package("docker-registry", "a registry to push the lab's images to", _program("docker-registry")),
        Package("postgresql", "the database of the role anchore", _postgresql),
        Package("docker-compose", "reads the Compose file of the role anchore", _program("docker-compose")),
        Package("groovy", "runs the pipeline of the role jenkins_image_gate", _program("groovy")),
    ),
    "browser": (
        Package("chromium", "opens the HTML report in the end-to-end tests", _program("chromium")),
        Package("chromium-driver", "drives it", _program("chromedriver")),
    ),
}


def missing(groups: Sequence[str]) -> list[Package]:
    """What of these groups the machine does not have."""
    return [package for group in groups for package in GROUPS[group] if not package.there()]


def _apt_get(arguments: Sequence[str]) -> None:
    words = ["apt-get", *arguments]
    if os.geteuid():
        words = ["sudo", "--preserve-env=DEBIAN_FRONTEND", *words]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    places.LOGS.mkdir(parents=True, exist_ok=True)
    log = places.LOGS / "apt-get.log"
    print(f"    {' '.join(words)}   (log: {log})", flush=True)
    with log.open("a") as output:
        done = subprocess.run(
            words, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        print("\n".join(log.read_text(errors="replace").splitlines()[-10:]), flush=True)


def _install(names: Sequence[str]) -> None:
    # A fresh machine has no package lists yet. A source that is down may not be the one that is needed.
    _apt_get(["update", "--quiet"])
    _apt_get(["install", "--yes", "--quiet", "--no-install-recommends", *names])


def ensure(groups: Sequence[str]) -> list[Package]:
    """Install what is missing, and say what is done and what cannot be; what is still missing afterwards."""
    wanted = missing(groups)
    if not wanted:
        return []
    print("System packages that are missing here:", flush=True)
    for package in wanted:
        print(f"    {package.name:<16} {package.why}", flush=True)
    if shutil.which("apt-get") is None:
        print("    This is no Debian: install the like of them by other means.", flush=True)
    elif os.geteuid() and shutil.which("sudo") is None:
        print("    Neither root nor sudo: they are left out.", flush=True)
    else:
        _install([package.name for package in wanted])
    left = missing(groups)
    if left:
        print(f"    Still missing: {', '.join(package.name for package in left)}", flush=True)
    return left

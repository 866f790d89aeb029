# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes 1.20 from Debian 12's source package, which has all of it; Debian itself builds only the client.

Five to ten minutes on two cores, once: the programs are kept in the user's cache.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.tooling import packages, places
from tests.tooling.debian_source import NoSourceError, SourcePackages
from tests.tooling.outcome import Log

VERSION = "1.20.2"
PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)
_RELEASE = "bookworm"
_FLAGS = ("-tags=providerless", "-trimpath")
# The reflect2 of this Kubernetes crashes with Go 1.18 and later, at the first custom object.
_NEWER = {"github.com/modern-go/reflect2": "golang-github-modern-go-reflect2"}
_REVISION = 1
"""To be raised by whoever changes how the programs are built: what is in the cache is then built anew."""

_RECIPE = json.dumps([VERSION, PROGRAMS, _RELEASE, _FLAGS, _NEWER, _REVISION, platform.machine()])
FOLDER = places.CACHE / f"kubernetes-{VERSION}" / hashlib.sha256(_RECIPE.encode()).hexdigest()[:12]

_MODULE = "k8s.io/kubernetes"
_PACKAGES = 2150  # about as many are compiled
_HEARTBEAT = 30.0
_OPENAPI = re.compile(rb"^// *\+k8s:openapi-gen=", re.MULTILINE)
_NO_OPENAPI = ("vendor/k8s.io/code-generator", "vendor/k8s.io/sample-apiserver")


ASSETS = "KUBEBUILDER_ASSETS"
"""A folder of the user's with etcd, kube-apiserver and kubectl (envtest); whatever else is there is taken, too."""


class BuildError(Exception):
    """The programs cannot be built here; the message says why, and what would do instead."""


def is_built() -> bool:
    """Whether the cache has the programs. They are moved there at once, when all are done."""
    return FOLDER.is_dir()


def prepare() -> bool:
    """Have all that the lab's clusters need; False, having said why, where they cannot run here."""
    if os.environ.get(ASSETS):
        print(f"Kubernetes for the lab is taken from {os.environ[ASSETS]}, as {ASSETS} says", flush=True)
        return True
    left = packages.ensure(["kubernetes"])
    try:
        ensure()
    except BuildError as error:
        print(f"    {error}", flush=True)
        return False
    return not left


def ensure() -> Path:
    """The folder with the programs, which are built first where need be. BuildError where that fails."""
    if is_built():
        return FOLDER
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with (FOLDER.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two builders at once, the second finds the work done
        if not is_built():
            _build()
    return FOLDER


def _build() -> None:
    for abandoned in FOLDER.parent.glob("build-*"):
        shutil.rmtree(abandoned)
    if packages.ensure(["kubernetes-build"]):
        raise BuildError(f"Kubernetes cannot be built here; {ASSETS} may name a folder with its programs")
    log = Log("kubernetes-build")
    print(f"Kubernetes {VERSION} for the lab is built from source, once: 5 to 10 minutes. Log: {log.path}", flush=True)
    began = time.monotonic()
    # Beside the final place: a rename needs the same file system, and /tmp may be small.
    with tempfile.TemporaryDirectory(prefix="build-", dir=FOLDER.parent) as name:
        folder = Path(name)
        try:
            tree = _source(folder, log)
            programs = _compile(folder, tree, log)
        except NoSourceError as error:
            raise BuildError(str(error)) from error
        programs.rename(FOLDER)
    print(f"    Kubernetes built in {time.monotonic() - began:.0f} s: {FOLDER}", flush=True)


def _source(folder: Path, log: Log) -> Path:
    """The source where Go finds it."""
    print(f"    fetching Debian's source packages (34 MB) from {_RELEASE}", flush=True)
    sources = SourcePackages(folder, _RELEASE, log)
    tree = folder / "gopath" / "src" / _MODULE
    tree.parent.mkdir(parents=True)
    sources.unpack("kubernetes").rename(tree)
    for name, package in _NEWER.items():
        _replace(tree / "vendor" / name, sources.unpack(package))
    return tree


def _replace(vendored: Path, newer: Path) -> None:
    """Put a newer version of a library into the place of the vendored one."""
    for file in (*vendored.glob("*.go"), *vendored.glob("*.s")):
        file.unlink()
    for file in (*newer.glob("*.go"), *newer.glob("*.s")):
        shutil.copy(file, vendored)


def _environment(folder: Path) -> dict[str, str]:
    """Go as of old, without modules: Go 1.19 wants to rewrite this Kubernetes' go.mod."""
    (folder / "tmp").mkdir(exist_ok=True)
    return {
        "GOPATH": str(folder / "gopath"),
        "GOCACHE": str(folder / "gocache"),
        "GOTMPDIR": str(folder / "tmp"),
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }


def _compile(folder: Path, tree: Path, log: Log) -> Path:
    """The folder of the programs."""
    environment = {**os.environ, **_environment(folder)}
    _generate_openapi(folder, tree, environment, log)
    programs = folder / "programs"
    programs.mkdir()
    stamps = " ".join(f"-X {_MODULE}/vendor/{name}" for name in _version_stamps())
    command = ["go", "build", "-v", *_FLAGS, f"-ldflags=-s -w {stamps}", "-o", f"{programs}/"]
    _run([*command, *(f"./cmd/{name}" for name in PROGRAMS)], tree, environment, log)
    return programs


def _version_stamps() -> Iterator[str]:
    major, minor, _patch = VERSION.split(".")
    values = {"gitVersion": f"v{VERSION}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        for name, value in values.items():
            yield f"{package}.{name}={value}"


def _generate_openapi(folder: Path, tree: Path, environment: dict[str, str], log: Log) -> None:
    """Write the one generated file that the source package leaves out."""
    generator = folder / "openapi-gen"
    _run(["go", "build", "-o", str(generator), "./vendor/k8s.io/kube-openapi/cmd/openapi-gen"], tree, environment, log)
    inputs = ",".join(f"{_MODULE}/{package}" for package in _openapi_packages(tree))
    command = [str(generator), "--logtostderr", "-i", inputs, "-p", f"{_MODULE}/pkg/generated/openapi"]
    command += ["-O", "zz_generated.openapi", "-h", "vendor/k8s.io/code-generator/hack/boilerplate.go.txt"]
    _run([*command, "-r", str(folder / "violations")], tree, environment, log)


def _openapi_packages(tree: Path) -> list[str]:
    """The packages whose types the API describes, relative to the tree."""
    found = set()
    for top in ("cmd", "pkg", "plugin", "test", "vendor/k8s.io"):
        # vendor/k8s.io holds links to staging/.
        for folder, _folders, files in os.walk(tree / top, followlinks=True):
            place = os.path.relpath(folder, tree)
            if not place.startswith(_NO_OPENAPI) and any(_is_marked(Path(folder, name)) for name in files):
                found.add(place)
    return sorted(found)


def _is_marked(file: Path) -> bool:
    is_source = file.suffix == ".go" and not file.name.startswith("zz_")
    return is_source and _OPENAPI.search(file.read_bytes()) is not None


def _run(command: Sequence[str], tree: Path, environment: dict[str, str], log: Log) -> None:
    """Run a step of the build into the log, and say every half a minute how far it is."""
    before = len(log.lines())
    with log.path.open("a") as output, contextlib.ExitStack() as ending:
        process = subprocess.Popen(
            command, cwd=tree, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        ending.callback(process.wait)
        ending.callback(process.kill)
        while True:
            try:
                status = process.wait(_HEARTBEAT)
                break
            except subprocess.TimeoutExpired:
                print(f"    compiled {len(log.lines()) - before} of about {_PACKAGES} packages", flush=True)
    if status:
        raise BuildError(f"{command[0]} ended with {status}; the end of {log.path}:\n{log.tail()}")

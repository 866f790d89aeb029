# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image of the very Python that runs the lab, with distributions of its environment: no registry, in seconds.

The interpreter lies where it lies on this machine, and does not notice that it moved. The distributions have a folder
of their own: a checkout may lie under /tmp, which pods have to themselves.
"""

from __future__ import annotations

import importlib.metadata
import io
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import docker

from tests.lab.images import busybox

TAG = "lab/python:1.0"
RUNNER_NEEDS = ("nats-py", "nkeys", "aiohttp")
"""What the response runner imports."""

_PACKAGES = "/opt/lab/packages"
_LEFT_OUT = {
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "ensurepip",
    "lib2to3",
    "turtledemo",
    "site-packages",
    "dist-packages",
}
_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")
_PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/tmp:/bin/sh\n"


def _standard_library() -> Iterator[Path]:
    for name in sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}):
        folder = Path(name)
        for path in folder.rglob("*"):
            if not _LEFT_OUT & set(path.relative_to(folder).parts) and ".opt-" not in path.name and path.is_file():
                yield path


def _closure(names: Sequence[str]) -> set[str]:
    """These distributions and all that they require and that is installed; not what only their extras want."""
    found: set[str] = set()
    wanted = list(names)
    while wanted:
        name = re.split(r"[^A-Za-z0-9._-]", wanted.pop(), maxsplit=1)[0].lower()
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # of an extra, or of another platform
        found.add(name)
        wanted += [need for need in distribution.requires or () if "extra ==" not in need]
    return found


def _distributions(names: Sequence[str]) -> Iterator[Path]:
    for name in _closure(names):
        for file in importlib.metadata.distribution(name).files or ():
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.is_file():
                yield path


def _libraries(programs: Iterable[Path]) -> set[Path]:
    """The shared libraries that these programs and modules are linked with, the loader included."""
    words = ["ldd", *map(str, programs)]
    listing = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120).stdout
    return {Path(match.group(1)) for match in _LIBRARY.finditer(listing)}


def _files(names: Sequence[str]) -> set[Path]:
    interpreter = Path(sys.executable).resolve()
    files = {interpreter, *_standard_library(), *_distributions(names)}
    binaries = [interpreter, *(path for path in files if ".so" in path.name)]
    return files | _libraries(binaries)


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644, link: str = "") -> None:
    info = tarfile.TarInfo(name)
    info.mode, info.size = mode, len(content)
    if link:
        info.type, info.linkname = tarfile.SYMTYPE, link
    archive.addfile(info, io.BytesIO(content))


def _place(path: Path) -> str:
    """Where a file of this machine lies in the image."""
    for site in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        if path.is_relative_to(site):
            return f"{_PACKAGES}/{path.relative_to(site)}".lstrip("/")
    return str(path).lstrip("/")


def _root_filesystem(names: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(_files(names)):
            _add(archive, _place(path), path.read_bytes(), 0o755 if path.stat().st_mode & 0o111 else 0o644)
        _add(archive, "usr/local/bin/python3", b"", link=str(Path(sys.executable).resolve()))
        _add(archive, "bin/busybox", busybox().read_bytes(), 0o755)
        _add(archive, "bin/sh", b"", link="busybox")
        _add(archive, "etc/passwd", _PASSWD.encode())
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(temporary)
    return buffer.getvalue()


def make_python_image(client: docker.DockerClient, tag: str = TAG, distributions: Sequence[str] = RUNNER_NEEDS) -> str:
    """Make the image, with `python3` on its PATH and these distributions; its tag. One that exists stays as it is."""
    if any(tag in image.tags for image in client.images.list()):
        return tag
    dockerfile = (
        "FROM scratch\nADD root.tar /\n"
        f"ENV PATH=/usr/local/bin:/bin PYTHONPATH={_PACKAGES} PYTHONDONTWRITEBYTECODE=1\n"
        'USER 1000:1000\nCMD ["python3"]\n'
    )
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as context:
        _add(context, "Dockerfile", dockerfile.encode())
        _add(context, "root.tar", _root_filesystem(distributions))
    buffer.seek(0)
    client.images.build(fileobj=buffer, custom_context=True, tag=tag, rm=True)
    return tag

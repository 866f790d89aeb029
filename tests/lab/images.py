# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images made on the spot from a static busybox: no registry, 2 MB, under a second each.

Every image stops on SIGKILL, so that a daemon under test need not wait ten seconds for each container.
"""

from __future__ import annotations

import io
import os
import shutil
import struct
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker

BASE = "lab/base:1.0"
"""root, no health check: what most images of the wild look like."""
KEPT = "lab/kept:1.0"
"""A user of its own and a health check: nothing to find."""

ROOT_FILESYSTEM = "lab/rootfs:1.0"

_APPLETS = ("cat", "echo", "false", "id", "ls", "nc", "sh", "sleep", "touch", "true")
_ETC = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:1000:\n",
}
_SLEEP = 'STOPSIGNAL SIGKILL\nCMD ["sleep","2147483647"]\n'
_HEALTHCHECK = 'HEALTHCHECK --interval=300s CMD ["true"]\n'
_KEPT = f"FROM {ROOT_FILESYSTEM}\n{_SLEEP}USER 1000:1000\n{_HEALTHCHECK}"


@dataclass(frozen=True)
class ImageRecipe:
    """tag, the Dockerfile, and the files of its build context (name to text)."""

    tag: str
    dockerfile: str
    context: Mapping[str, str] | None = None
    setuid: bool = False


RECIPES: tuple[ImageRecipe, ...] = (
    ImageRecipe(BASE, f"FROM {ROOT_FILESYSTEM}\n{_SLEEP}"),
    ImageRecipe(KEPT, _KEPT),
    ImageRecipe("lab/root-by-id:1.0", f"FROM {KEPT}\nUSER 0:0\n"),
    ImageRecipe("lab/no-healthcheck:1.0", f"FROM {BASE}\nUSER app\n"),
    ImageRecipe("lab/healthcheck-none:1.0", f"FROM {KEPT}\nHEALTHCHECK NONE\n"),
    ImageRecipe("lab/unpinned:latest", f"FROM {KEPT}\nLABEL pinned=no\n"),
    ImageRecipe(
        "lab/secrets:1.0",
        f"FROM {KEPT}\n"
        "ENV AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIbulkheadLABEXAMPLEKEYaaaaa\n"
        "ENV DB_PASSWORD=correct-horse-battery-staple\n"
        "RUN API_TOKEN=ghp_bulkheadLabExampleToken0000000000000 touch /tmp/token\n",
    ),
    ImageRecipe("lab/added:1.0", f"FROM {KEPT}\nADD payload /tmp/payload\n", {"payload": "payload\n"}),
    ImageRecipe("lab/copied:1.0", f"FROM {KEPT}\nCOPY payload /tmp/payload\n", {"payload": "payload\n"}),
    # An update instruction alone in its layer: later layers are built on a stale package list.
    ImageRecipe("lab/update-alone:1.0", f"FROM {KEPT}\nRUN apt-get update || true\n"),
    # Innocent words that a search for substrings takes for ADD and for an update instruction.
    ImageRecipe("lab/innocent-words:1.0", f"FROM {KEPT}\nLABEL note=kubeupdater\nENV LISTEN_ADDR=127.0.0.1:8080\n"),
    ImageRecipe("lab/sshd:1.0", f"FROM {KEPT}\nEXPOSE 22\n"),
    ImageRecipe("lab/setuid:1.0", _KEPT, setuid=True),
)


def busybox() -> Path:
    """A static busybox: `BULKHEAD_LAB_BUSYBOX`, or Debian's busybox-static."""
    path = os.environ.get("BULKHEAD_LAB_BUSYBOX") or shutil.which("busybox")
    if path is None or b"/ld-linux" in Path(path).read_bytes()[:4096]:
        raise RuntimeError(
            "the lab needs a static busybox: apt-get install busybox-static, or set BULKHEAD_LAB_BUSYBOX"
        )
    return Path(path)


def _add(archive: tarfile.TarFile, name: str, content: bytes = b"", mode: int = 0o644, link: str = "") -> None:
    info = tarfile.TarInfo(name)
    info.mode, info.size = mode, len(content)
    if link:
        info.type, info.linkname = tarfile.SYMTYPE, link
    archive.addfile(info, io.BytesIO(content))


def idle_program() -> bytes:
    """An x86-64 program of 129 bytes that does nothing for ever; under the name of sshd it passes for one in `top`."""
    code = bytes.fromhex("b8220000000f05ebf7")  # mov eax, SYS_pause; syscall; jmp to the start
    size, address = 64 + 56 + len(code), 0x400000
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, address + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, address, address, size, size, 4096)
    return identity + header + segment + code


def root_filesystem(setuid: bool = False) -> bytes:
    """A tar of busybox, its applets, a false sshd and a user `app`; with a setuid and a setgid file where asked."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        _add(archive, "bin/busybox", busybox().read_bytes(), 0o755)
        for applet in _APPLETS:
            _add(archive, f"bin/{applet}", link="busybox")
        _add(archive, "usr/sbin/sshd", idle_program(), 0o755)
        for name, text in _ETC.items():
            _add(archive, name, text.encode())
        directory = tarfile.TarInfo("tmp")
        directory.type, directory.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(directory)
        if setuid:
            _add(archive, "bin/become", b"#!/bin/sh\n", 0o4755)
            _add(archive, "bin/share", b"#!/bin/sh\n", 0o2755)
    return buffer.getvalue()


def _context(recipe: ImageRecipe) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in {"Dockerfile": recipe.dockerfile, **(recipe.context or {})}.items():
            _add(archive, name, text.encode())
    buffer.seek(0)
    return buffer


def _import_root_filesystem(client: docker.DockerClient, *, setuid: bool) -> None:
    repository, _colon, tag = ROOT_FILESYSTEM.rpartition(":")
    client.api.import_image_from_data(root_filesystem(setuid), repository=repository, tag=tag)


def make_images(client: docker.DockerClient, tags: Sequence[str] | None = None) -> list[str]:
    """Make the recipes' images (all, or those of `tags` and the two basic ones); the tags that were made.

    Images that exist stay as they are. The imported root file system loses its tag again: nobody runs it as it is.
    """
    there = {tag for image in client.images.list() for tag in image.tags}
    wanted = {*(tags if tags is not None else [recipe.tag for recipe in RECIPES]), BASE, KEPT} - there
    missing = [recipe for recipe in RECIPES if recipe.tag in wanted]
    for setuid in (False, True):
        recipes = [recipe for recipe in missing if recipe.setuid is setuid]
        if recipes:
            _import_root_filesystem(client, setuid=setuid)
        for recipe in recipes:
            client.images.build(fileobj=_context(recipe), custom_context=True, tag=recipe.tag, rm=True)
        if recipes:
            client.images.remove(ROOT_FILESYSTEM)
    return [recipe.tag for recipe in missing]


def make_program_image(client: docker.DockerClient, tag: str, name: str, program: bytes) -> None:
    """An image of one static program of this name, which is its entry point and on the PATH."""
    dockerfile = f'FROM scratch\nCOPY {name} /{name}\nENV PATH=/\nENTRYPOINT ["/{name}"]\nSTOPSIGNAL SIGKILL\n'
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        _add(archive, "Dockerfile", dockerfile.encode())
        _add(archive, name, program, 0o755)
    buffer.seek(0)
    client.images.build(fileobj=buffer, custom_context=True, tag=tag, rm=True)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the image gate: one executable file, for any CI, that needs Python 3.9 and nothing else.

    python3 build_image_gate.py --output bulkhead-image-gate

It holds the gate's own package and those parts of the collection that it uses, which import nothing of Ansible. The
same sources always give the same file.
"""

from __future__ import annotations

import argparse
import io
import os
import stat
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_FILES = Path(__file__).resolve().parent
_COLLECTION = _FILES.parents[2]
_INSIDE = "ansible_collections/bulkhead/container_security"
# What the gate imports of the collection, whole folders: what one of them needs next, it finds.
_PARTS = (
    "plugins/module_utils/anchore",
    "plugins/module_utils/audit",
    "plugins/module_utils/formats",
    "plugins/module_utils/image_policy",
    "plugins/module_utils/images",
    "plugins/module_utils/imports",
    "plugins/plugin_utils/report",
)
_ENDINGS = (".py", ".json", ".html", ".css", ".js")
# The oldest time that the format knows: the file must not differ because of when it was made.
_TIME = (1980, 1, 1, 0, 0, 0)
_START = "from bulkhead_image_gate.main import main\n\nraise SystemExit(main())\n"
_SHEBANG = b"#!/usr/bin/env python3\n"


def contents() -> Iterator[tuple[str, bytes]]:
    """The files of the archive, by their paths in it."""
    yield "__main__.py", _START.encode()
    yield f"{_INSIDE}/MANIFEST.json", _manifest()
    yield from _below(_FILES / "bulkhead_image_gate", _FILES)
    for part in _PARTS:
        for name, content in _below(_COLLECTION / part, _COLLECTION):
            yield f"{_INSIDE}/{name}", content


def _manifest() -> bytes:
    """What tells the version in reports: of an installed collection, or of a checkout."""
    for name in ("MANIFEST.json", "galaxy.yml"):
        path = _COLLECTION / name
        if path.is_file():
            return path.read_bytes() if name.endswith(".json") else _as_manifest(path.read_text(encoding="utf-8"))
    raise SystemExit(f"build_image_gate: {_COLLECTION} is no collection: there is no MANIFEST.json and no galaxy.yml")


def _as_manifest(galaxy: str) -> bytes:
    version = next(line.partition(":")[2].strip() for line in galaxy.splitlines() if line.startswith("version:"))
    return f'{{"collection_info": {{\n "version": "{version}"\n}}}}\n'.encode()


def _below(folder: Path, root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in _ENDINGS and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _packages(names: Iterable[str]) -> list[str]:
    """The `__init__.py` of each folder that has none: Python before 3.13 sees no folder of an archive without it."""
    folders = {str(parent) for name in names for parent in PurePosixPath(name).parents} - {"."}
    return sorted({f"{folder}/__init__.py" for folder in folders} - set(names))


def build() -> bytes:
    """The executable file."""
    buffer = io.BytesIO()
    files = dict(contents())
    files.update(dict.fromkeys(_packages(files), b""))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return _SHEBANG + buffer.getvalue()


def main() -> int:
    """Write it where the user says, whole or not at all."""
    parser = argparse.ArgumentParser(description="Build the image gate, one executable file.")
    parser.add_argument("--output", type=Path, required=True, help="where to write it")
    output: Path = parser.parse_args().output
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(build())
        unfinished.chmod(0o755 & ~_umask() | stat.S_IRUSR | stat.S_IXUSR)
        unfinished.replace(output)
    except OSError as exc:
        unfinished.unlink(missing_ok=True)
        print(f"build_image_gate: {output} cannot be written: {exc.strerror}", file=sys.stderr)
        return 2
    return 0


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


if __name__ == "__main__":
    sys.exit(main())

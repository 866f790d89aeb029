# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every generated file, what it must contain, and whether it does."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.tooling.generate import catalogue, role_reference
from tests.tooling.places import REPOSITORY


def contents() -> dict[Path, str]:
    """Path to text, of all generated files."""
    return {
        REPOSITORY / "docs" / "control_catalogue.md": catalogue.text(catalogue.DOCKER),
        REPOSITORY / "docs" / "control_catalogue_dockerfile.md": catalogue.text(catalogue.DOCKERFILE),
        REPOSITORY / "docs" / "control_catalogue_k8s.md": catalogue.text(catalogue.K8S),
        REPOSITORY / "docs" / "control_catalogue_falco.md": catalogue.text(catalogue.FALCO),
        REPOSITORY / "docs" / "control_catalogue_nats.md": catalogue.text(catalogue.NATS),
        REPOSITORY / "docs" / "control_catalogue_images.md": catalogue.text(catalogue.RUNNING_IMAGES),
        REPOSITORY / "docs" / "control_catalogue_anchore.md": catalogue.text(catalogue.ANCHORE),
        **role_reference.texts(REPOSITORY / "roles"),
    }


def _stale() -> dict[Path, str]:
    return {path: text for path, text in contents().items() if not path.exists() or path.read_text() != text}


def write() -> int:
    """Write those that are out of date; exit code 0."""
    for path, text in _stale().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"wrote {path.relative_to(REPOSITORY)}")
    return 0


def check() -> int:
    """Exit code 1 if a file is out of date."""
    stale = _stale()
    for path in stale:
        print(f"{path.relative_to(REPOSITORY)} is out of date: run `make generate` and commit it", file=sys.stderr)
    return int(bool(stale))

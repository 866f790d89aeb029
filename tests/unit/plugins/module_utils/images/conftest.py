# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scanner with a Grype that knows one vulnerability, and a bill of materials for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import GrypeScanner
from tests.lab import grype_stand_in
from tests.unit.scanned_image import DIGEST, KNOWN, bundle, materials


@pytest.fixture
def scanner(tmp_path: Path) -> GrypeScanner:
    program, database = grype_stand_in.install(tmp_path, KNOWN)
    return GrypeScanner(bundle_from(bundle()), grype=str(program), database=str(database))


@pytest.fixture
def sbom(tmp_path: Path) -> Path:
    path = tmp_path / "sbom.json"
    path.write_text(json.dumps(materials(repoDigests=[f"registry.example.com/shop/web@{DIGEST}"])))
    return path

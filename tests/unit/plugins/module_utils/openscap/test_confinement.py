# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How oscap is kept apart: shown for real by the end-to-end tests of the content."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap import confinement
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError


def test_it_needs_root_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = confinement.Confinement("/disk", str(tmp_path), ["/content", "/tailoring"])
    assert place.place("/tailoring/site.xml") == "/content/1/site.xml"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(OpenscapError, match=r"/disk cannot be looked at apart from the host: only root may"):
        place.command(["oscap"])
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "unshare" else name)
    with pytest.raises(OpenscapError, match="it needs unshare"):
        place.command(["oscap"])

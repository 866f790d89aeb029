# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the engine analyse images, and wait for it."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scan import source_name

_PAUSE = 5.0


class NotAnalysedError(Exception):
    """The engine has not analysed an image; the message is one sentence for the user."""


def analyse(client: AnchoreClient, image: str, dockerfile: Path | None, timeout: float) -> str:
    """The digest of the image, analysed; the engine pulls it. Raises NotAnalysedError, AnchoreError, OSError."""
    tag = source_name(image)
    source: dict[str, Any] = {"pullstring": tag}
    if dockerfile is not None:
        source["dockerfile"] = base64.b64encode(dockerfile.read_bytes()).decode()
    end = time.monotonic() + timeout
    found = _image(client.post("/images", {"image_type": "docker", "source": {"tag": source}}), tag)
    digest = str(found.get("imageDigest") or "")
    while found.get("analysis_status") != "analyzed":
        if found.get("analysis_status") == "analysis_failed":
            raise NotAnalysedError(f"{tag}: Anchore could not analyse {digest}")
        if time.monotonic() + _PAUSE > end:
            raise NotAnalysedError(f"{tag}: Anchore has not analysed {digest} within {timeout:.0f} s")
        time.sleep(_PAUSE)
        found = _image(client.get(f"/images/{digest}"), tag)
    return digest


def _image(rows: Any, tag: str) -> Mapping[str, Any]:
    row = rows[0] if isinstance(rows, list) and rows else None
    if not isinstance(row, Mapping) or not row.get("imageDigest"):
        raise AnchoreError("invalid_answer", f"{tag}: Anchore's answer does not name the image")
    return row

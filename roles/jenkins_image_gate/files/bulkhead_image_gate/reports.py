# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of a run: the same as audit_report writes, and the evaluations for image_audit."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Terms, assemble
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.formats import FORMATS
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.intake import from_result
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.rendering import render_all

_NAME = "image-gate"


def write(result: Mapping[str, Any], folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write them, each whole or not at all; where they are. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    terms = Terms("Image gate", datetime.datetime.now(datetime.timezone.utc))
    report = assemble(from_result(dict(result), "the image gate", str(result["target"])), None, terms)
    texts = {folder / f"{_NAME}{FORMATS[name].suffix}": text for name, text in render_all(report, formats).items()}
    evaluations = {"images": [image for image in result["images"] if image["action"]]}
    texts[folder / f"{_NAME}-evaluations.json"] = json.dumps(evaluations, indent=1)
    for path, text in texts.items():
        _replace(path, text)
    return sorted(texts)


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)

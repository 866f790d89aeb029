# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_scan by the engine: the form of the other scanners."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.scan import scan_by_engine
from tests.lab.anchore.library import CLEAN, REFUSED, library
from tests.unit.lab_engine import client_of_lab


def test_images_are_asked_for_by_their_names_wherever_they_are() -> None:
    engine = library(0.0)
    for tag in (CLEAN, REFUSED):
        engine.answer("POST", "/images", {}, {"tag": tag})
    images = [
        {"image": f"registry:{CLEAN}"},
        {"image": "docker-archive:/srv/web.tar", "name": REFUSED},
        {"image": "registry.example.com/none:1"},
    ]
    with client_of_lab(engine) as (client, _server):
        told = scan_by_engine(client, images, "", target="shop", parallel=2, timeout=5.0)
    assert [(row["reference"], row["action"]) for row in told["images"]] == [
        (CLEAN, "go"),
        (REFUSED, "stop"),
        ("registry.example.com/none:1", ""),
    ]
    assert told["images"][1]["vulnerabilities"] == {"high": 1, "low": 1, "medium": 1}
    assert not any("content" in row or "vulnerability_list" in row for row in told["images"])
    assert len(told["failed_images"]) == 1

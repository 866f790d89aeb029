# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_scan by the engine: its verdicts and vulnerabilities of images that it has analysed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_info import Question, ask_all
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scan import source_name

_NOT_ASKED = ("vulnerability_list", "content")


def scan_by_engine(
    client: AnchoreClient,
    images: Sequence[Mapping[str, Any]],
    policy_id: str,
    *,
    target: str,
    parallel: int,
    timeout: float,
) -> dict[str, Any]:
    """As images.scan.scan_all, but the engine has scanned. An image that it does not know is an error."""
    asked = [
        {"tag": image.get("name") or source_name(image["image"]), "digest": image.get("digest") or ""}
        for image in images
    ]
    result = ask_all(client, asked, Question(policy_id), target=target, parallel=parallel, timeout=timeout)
    for row in result["images"]:
        for name in _NOT_ASKED:
            row.pop(name, None)
    return result

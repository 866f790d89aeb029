# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be asked for is refused before anything is done."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.options import argument_spec
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import PARTS, request_from


def params(**given: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in argument_spec().items()}
    return {**defaults, "folder": "/evidence", "case": "INC-1", **given}


def test_sizes_are_bytes_and_all_parts_are_wanted() -> None:
    request = request_from(params(log_mb=2, max_file_mb=3))
    assert (request.log_bytes, request.bounds.file_bytes) == (2 * 2**20, 3 * 2**20)
    assert request.parts == frozenset(PARTS)
    assert request_from(params(parts=["logs"])).parts == {"logs"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"case": None}, "case is missing"),
        ({"case": "a/b"}, "is no name"),
        ({"case": "."}, "is no name"),
        ({"case": "x" * 65}, "64 at most"),
        ({"log_lines": -1}, "log_lines cannot be less than 0"),
        ({"keep_paused": True}, "goes with pause"),
        ({"containers": [{"name": "", "id": None}]}, r"containers\[0\] names no container"),
        ({"containers": [{"name": "web", "id": None}, {"name": None, "id": "ABC"}]}, r"containers\[1\]: id 'ABC'"),
        ({"capture": {"tool": "tcpdump", "seconds": 0, "max_mb": 1, "filter": None}}, "capture.seconds"),
        (
            {
                "pause": True,
                "keep_paused": True,
                "capture": {"tool": "tcpdump", "seconds": 1, "max_mb": 1, "filter": None},
            },
            "capture goes without keep_paused",
        ),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ForensicsError, match=said):
        request_from(params(**given))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive holds the files, the checksum is that of the archive, and neither depends on when it was made."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import zipfile
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.function_archive import FilterModule

function_archive = FilterModule().filters()["function_archive"]


def test_archive() -> None:
    files = {"b/c.py": "import a\n", "a.py": "ä = 1\n"}
    made = function_archive(files)
    assert made == function_archive(dict(reversed(files.items())))
    assert made["content_type"] == "base64+zip"
    archive = base64.b64decode(made["content"])
    assert made["checksum"] == f"sha256:{hashlib.sha256(archive).hexdigest()}"
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        assert {name: found.read(name).decode() for name in found.namelist()} == files


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "needs a dictionary"),
        (["a.py"], "needs a dictionary"),
        ({"../a.py": ""}, r"'\.\./a\.py' leads out of the archive"),
        ({"/etc/passwd": ""}, "leads out of the archive"),
        ({"a.py": random.Random(1).randbytes(900_000).hex()}, "a ConfigMap holds no more than 1000000"),
    ],
)
def test_what_is_wrong(files: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        function_archive(files)

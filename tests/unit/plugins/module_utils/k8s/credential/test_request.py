# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request as another reader sees it: openssl verifies the signature and prints the names."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import keys
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.request import (
    certificate_request,
)


@pytest.mark.parametrize(
    ("user", "groups"),
    [
        ("ada", []),
        ("ada", ["shop", "night shift"]),
        ('/CN=x, O = system:masters"#', ["../..", "O=x"]),
        ("Ådå", ["グループ"]),
    ],
)
def test_names_come_through_as_they_are(user: str, groups: list[str]) -> None:
    maker = keys.Program(shutil.which("openssl") or "openssl")
    request = certificate_request(maker, maker.generate(), user, groups)
    words = ["openssl", "req", "-noout", "-verify", "-subject", "-nameopt", "sep_multiline,utf8,sname"]
    shown = subprocess.run(words, input=request, capture_output=True, text=True, check=True)
    assert "verify OK" in shown.stdout + shown.stderr
    names = [line.strip() for line in shown.stdout.splitlines() if line.startswith("    ")]
    assert names == [*(f"O={group}" for group in groups), f"CN={user}"]

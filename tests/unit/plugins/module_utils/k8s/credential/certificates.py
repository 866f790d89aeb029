# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and tokens for tests, made by openssl or by hand."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path


def certificate(folder: Path, subject: str, *, days: int = 10) -> tuple[str, str]:
    """(certificate, key) as PEM, signed by itself. subject: as openssl takes it, such as /O=shop/CN=ada."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = [folder / "made.crt", folder / "made.key"]
    given = ["-days", str(days), "-subj", subject, "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run([*words, *given], check=True, capture_output=True)
    return files[0].read_text(), files[1].read_text()


def token(**claims: object) -> str:
    """A token with these claims and no signature worth the name."""
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{part}.c2lnbmF0dXJl"

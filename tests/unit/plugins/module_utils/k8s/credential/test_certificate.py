# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate says, compared with what openssl says of it."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import (
    certificate_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.plugins.module_utils.k8s.credential.certificates import certificate


@pytest.mark.parametrize("days", [10, 365 * 60])
def test_names_dates_and_fingerprint(tmp_path: Path, days: int) -> None:
    pem, key = certificate(tmp_path, "/O=shop/O=night shift/CN=ada", days=days)
    found = certificate_from("words before\n" + pem)
    assert (found.user, found.groups, found.issuer) == ("ada", ("shop", "night shift"), "ada")
    assert found.not_after - found.not_before == timedelta(days=days)
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=pem, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip().rpartition("=")[2].replace(":", "").lower() == found.fingerprint
    command = ["openssl", "pkey", "-pubout", "-outform", "DER"]
    public = subprocess.run(command, input=key.encode(), capture_output=True, check=True)
    assert public.stdout == found.public_key
    assert found.described()["not_after"].endswith("Z")


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_certificate_is_one_sentence(pem: str) -> None:
    with pytest.raises(K8sError, match="certificate"):
        certificate_from(pem)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates of certificates, against openssl."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.certificate_dates import (
    CertificateError,
    validities,
)


def openssl(folder: Path, *arguments: str) -> str:
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    done = subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture(params=[["ec", "30"], ["rsa", "30000"]])
def pem(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    kind, days = request.param
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["-newkey", "rsa:2048"]
    openssl(tmp_path, "req", "-x509", *key, "-nodes", "-keyout", "k", "-out", "c", "-subj", "/CN=x", "-days", days)
    return (tmp_path / "c").read_text()


def test_the_dates_are_those_that_openssl_shows(pem: str, tmp_path: Path) -> None:
    text = openssl(tmp_path, "x509", "-in", "c", "-noout", "-dates")
    shown = [
        datetime.fromtimestamp(ssl.cert_time_to_seconds(line.partition("=")[2]), timezone.utc)
        for line in text.splitlines()
    ]
    [validity] = validities(pem)
    assert [validity.not_before, validity.not_after] == shown


def test_every_certificate_of_a_text_is_read(pem: str) -> None:
    found = validities("chatter\n" + pem + "\n" + pem)
    assert len(found) == 2
    assert abs(found[0].not_before - datetime.now(timezone.utc)) < timedelta(hours=1)


@pytest.mark.parametrize("inner", ["", "AAAA", "!!!!", "MIIB", "MAMCAQE="])
def test_what_is_no_certificate_is_refused(inner: str) -> None:
    with pytest.raises(CertificateError):
        validities(f"-----BEGIN CERTIFICATE-----\n{inner}\n-----END CERTIFICATE-----\n")


def test_a_text_without_a_certificate_is_refused() -> None:
    with pytest.raises(CertificateError):
        validities("nothing")

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate follows its files, and what cannot be used is not taken."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils import certificates
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    Issued,
    create_authority,
    issue_server,
    load_authority,
)
from bulkhead_admission.certificate import Certificate
from bulkhead_admission.config_sections import TlsConfig
from bulkhead_admission.errors import ConfigError
from bulkhead_admission.metrics import Metrics


def issued(days: int = 10) -> Issued:
    made = create_authority("Test", 100)
    return issue_server(load_authority(made.certificate, made.key), ["localhost"], days)


def write(folder: Path, pair: Issued) -> TlsConfig:
    (folder / "cert.pem").write_bytes(pair.certificate)
    (folder / "key.pem").write_bytes(pair.key)
    return TlsConfig(str(folder / "cert.pem"), str(folder / "key.pem"), "", ())


def test_a_new_one_is_taken_and_half_of_one_is_not(tmp_path: Path) -> None:
    metrics = Metrics()
    certificate = Certificate(write(tmp_path, issued(10)), metrics)
    assert not certificate.expired
    assert abs(certificate.not_after - (time.time() + datetime.timedelta(days=10).total_seconds())) < 60
    new = issued(50)
    (tmp_path / "cert.pem").write_bytes(new.certificate)
    certificate.follow()
    assert certificate.not_after < time.time() + 11 * 86400
    (tmp_path / "key.pem").write_bytes(new.key)
    certificate.follow()
    assert certificate.not_after > time.time() + 49 * 86400
    certificate.follow()
    assert metrics.total("certificate_loads", result="loaded") == 2
    assert metrics.total("certificate_loads", result="failed") == 1


def test_it_knows_when_it_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    then = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(days=50)
    with monkeypatch.context() as past:
        past.setattr(certificates, "_now", lambda: then)
        ended = issued(10)
    assert Certificate(write(tmp_path, ended), Metrics()).expired


@pytest.mark.parametrize("content", [b"", b"none", None])
def test_without_one_there_is_no_start(tmp_path: Path, content: bytes | None) -> None:
    config = write(tmp_path, issued())
    if content is None:
        (tmp_path / "cert.pem").unlink()
    else:
        (tmp_path / "cert.pem").write_bytes(content)
    with pytest.raises(ConfigError, match="the certificate cannot be used"):
        Certificate(config, Metrics())

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority and the certificate of a webhook: made, kept, renewed, and exchanged without a moment of mistrust."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils import certificates
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    CertificateError,
    load_certificate,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.webhook_authority import (
    Outcome,
    Wanted,
    WebhookAuthority,
)

BEGIN = "-----BEGIN CERTIFICATE-----"


def bring(folder: Path, *, dry: bool = False, **more: Any) -> Outcome:
    options: dict[str, Any] = {"ca_days": 1000, "ca_renew_days": 90, "days": 365, "renew_days": 30, **more}
    names = options.pop("names", ["webhook.guard.svc"])
    return WebhookAuthority(str(folder), None, dry=dry).bring(Wanted(names, "Webhook", **options))


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = bring(tmp_path / "pki")
    assert first.reasons == {"authority": "missing", "server": "missing"}
    assert first.ca_bundle.count(BEGIN) == 1
    again = bring(tmp_path / "pki")
    assert (again.reasons, again.issued, again.ca_bundle) == ({}, first.issued, first.ca_bundle)
    assert stat.S_IMODE((tmp_path / "pki" / "server" / "key.pem").stat().st_mode) == 0o600


def test_check_mode_leaves_nothing(tmp_path: Path) -> None:
    outcome = bring(tmp_path / "pki", dry=True)
    assert set(outcome.reasons) == {"authority", "server"}
    assert outcome.ca_bundle.count(BEGIN) == 1
    assert not (tmp_path / "pki").exists()


def test_a_certificate_is_renewed_by_the_same_authority(tmp_path: Path) -> None:
    first = bring(tmp_path)
    renewed = bring(tmp_path, renew_days=400)
    assert list(renewed.reasons) == ["server"]
    assert renewed.ca_bundle == first.ca_bundle
    other = bring(tmp_path, names=["other.svc"])
    assert other.reasons == {"server": "the names have changed"}


@pytest.mark.parametrize("dry", [False, True])
def test_an_authority_that_ends_is_followed_by_another_and_both_are_trusted(tmp_path: Path, dry: bool) -> None:
    old = bring(tmp_path, ca_days=80, ca_renew_days=10)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.pem")}
    new = bring(tmp_path, dry=dry)
    assert new.rotated
    assert new.reasons["server"] == "issued by another authority"
    assert new.ca_bundle.count(BEGIN) == 2
    assert old.ca_bundle in new.ca_bundle
    assert load_certificate(new.ca_bundle.encode()) != load_certificate(old.ca_bundle.encode())
    if dry:
        assert {path: path.read_bytes() for path in tmp_path.rglob("*.pem")} == before
    else:
        later = bring(tmp_path)
        assert (later.reasons, later.rotated, later.ca_bundle) == ({}, False, new.ca_bundle)


def test_an_authority_of_before_that_has_ended_is_trusted_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(days=79)
    with monkeypatch.context() as past:
        past.setattr(certificates, "_now", lambda: then)
        bring(tmp_path, ca_days=80, ca_renew_days=10)
    assert bring(tmp_path).ca_bundle.count(BEGIN) == 2
    later = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=3)
    monkeypatch.setattr(certificates, "_now", lambda: later)
    assert bring(tmp_path).ca_bundle.count(BEGIN) == 1


def test_half_of_an_authority_is_an_error(tmp_path: Path) -> None:
    bring(tmp_path)
    (tmp_path / "ca-key.pem").unlink()
    with pytest.raises(CertificateError, match=r"ca-key\.pem is missing"):
        bring(tmp_path)

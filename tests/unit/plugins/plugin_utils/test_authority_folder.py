# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of an authority: complete or refused, private, and renewed for a reason."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.authority_folder import (
    AuthorityFolder,
    expiry_reason,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import CertificateError


@pytest.fixture
def folder(tmp_path: Path) -> AuthorityFolder:
    made = AuthorityFolder(str(tmp_path / "pki"))
    with made.locked():
        made.create("Test", 100)
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_private(folder: AuthorityFolder) -> None:
    assert (mode(folder.folder), mode(folder.key_path), mode(folder.certificate_path)) == (0o700, 0o600, 0o644)
    assert not list(folder.folder.glob(".bulkhead-*"))


def test_half_of_one_is_no_authority(folder: AuthorityFolder) -> None:
    folder.certificate_path.unlink()
    with pytest.raises(CertificateError, match=r"ca\.pem is missing"):
        assert folder.exists


def test_what_is_wrong_with_it_names_the_folder(folder: AuthorityFolder) -> None:
    folder.key_path.write_text("none")
    with pytest.raises(CertificateError, match=str(folder.folder)):
        folder.load()


def test_a_client_gets_a_bundle_and_keeps_it(folder: AuthorityFolder) -> None:
    authority = folder.load()
    assert folder.client_reason(authority, "alice", 30) == "missing"
    folder.issue_client(authority, "alice", 60)
    bundle = folder.folder / "clients" / "alice"
    assert {path.name: mode(path) for path in bundle.iterdir()} == dict.fromkeys(
        ("ca.pem", "cert.pem", "key.pem"), 0o600
    )
    assert folder.client_reason(authority, "alice", 30) is None
    assert folder.client_reason(authority, "alice", 90) in ("expires in 59 days", "expires in 60 days")
    (bundle / "cert.pem").write_text("none")
    assert folder.client_reason(authority, "alice", 30) == "unreadable"


def test_a_new_authority_makes_every_bundle_old(folder: AuthorityFolder) -> None:
    folder.issue_client(folder.load(), "alice", 60)
    folder.certificate_path.unlink()
    folder.key_path.unlink()
    assert folder.client_reason(folder.create("Test", 100), "alice", 30) == "issued by another authority"


@pytest.mark.parametrize("user", ["../root", "a/b", "", ".hidden", "a b"])
def test_a_user_cannot_be_the_name_of_another_folder(folder: AuthorityFolder, user: str) -> None:
    with pytest.raises(CertificateError, match="cannot be the name of a folder"):
        folder.client_reason(folder.load(), user, 30)


@pytest.mark.parametrize(
    ("left", "renew", "authority", "reason"),
    [
        (40, 30, 100, None),
        (30, 30, 100, None),
        (29, 30, 100, "expires in 29 days"),
        (-1, 30, 100, "expired"),
        (20, 30, 20, None),
        (-1, 30, -1, "expired"),
    ],
)
def test_renewal_comes_in_time_and_only_where_it_helps(
    left: int, renew: int, authority: int, reason: str | None
) -> None:
    assert expiry_reason(left, renew, authority) == reason

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of identities: made once, kept, renewed for a reason, and private."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    CertificateError,
    load_certificate,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.nats_identities import (
    IdentityFolder,
    Outcome,
    Wanted,
)

_WANTED = Wanted(servers=[("one", ["one.example.com", "10.0.0.1"])], users=["joe"], cluster=True, days=100)


def _bring(folder: Path, wanted: Wanted = _WANTED, *, dry: bool = False) -> Outcome:
    return IdentityFolder(str(folder), None, dry=dry).bring(wanted)


def test_nothing_is_written_in_check_mode(tmp_path: Path) -> None:
    predicted = _bring(tmp_path / "pki", dry=True)
    assert not (tmp_path / "pki").exists()
    made = _bring(tmp_path / "pki")
    assert predicted.reasons == made.reasons
    assert set(made.reasons.values()) == {"missing"}


def test_what_serves_is_kept(tmp_path: Path) -> None:
    made, again = _bring(tmp_path), _bring(tmp_path)
    assert again.reasons == {}
    assert again.nkeys == made.nkeys
    assert again.days_left in (99, 100)


def test_secrets_are_read_by_their_owner_alone(tmp_path: Path) -> None:
    _bring(tmp_path)
    secrets = [*tmp_path.rglob("*key.pem"), *tmp_path.rglob("*.nk")]
    assert len(secrets) == 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_certificates_are_renewed_and_nkeys_are_not(tmp_path: Path) -> None:
    made = _bring(tmp_path)
    renewed = _bring(tmp_path, replace(_WANTED, renew_days=101))
    assert set(renewed.reasons) == {"server one", "server one for the cluster", "client joe"}
    assert renewed.nkeys == made.nkeys
    names = _bring(tmp_path, replace(_WANTED, servers=[("one", ["other.example.com"])]))
    assert names.reasons == dict.fromkeys(("server one", "server one for the cluster"), "the names have changed")


@pytest.mark.parametrize("file", ["servers/one/key.pem", "servers/one/cluster-key.pem", "clients/joe/key.pem"])
def test_a_key_that_is_not_of_its_certificate_is_made_anew(tmp_path: Path, file: str) -> None:
    """As one is left that was written when the run was interrupted before the certificate was."""
    _bring(tmp_path)
    other = tmp_path / "other"
    _bring(other)
    (tmp_path / file).write_bytes((other / file).read_bytes())
    assert list(_bring(tmp_path).reasons.values()) == ["the key is not that of the certificate"]
    assert _bring(tmp_path).reasons == {}


def test_a_damaged_certificate_is_predicted_too(tmp_path: Path) -> None:
    _bring(tmp_path)
    (tmp_path / "servers/one/cert.pem").write_text("damaged")
    assert _bring(tmp_path, dry=True).reasons == {"server one": "unreadable"}


def test_only_servers_of_a_cluster_are_both_server_and_client(tmp_path: Path) -> None:
    _bring(tmp_path)
    server = load_certificate((tmp_path / "servers/one/cert.pem").read_bytes())
    peer = load_certificate((tmp_path / "servers/one/cluster-cert.pem").read_bytes())
    purposes = [
        len(list(each.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)) for each in (server, peer)
    ]
    assert purposes == [1, 2]
    assert server.issuer != peer.issuer


def test_a_damaged_seed_is_never_replaced(tmp_path: Path) -> None:
    _bring(tmp_path)
    (tmp_path / "clients/joe/user.nk").write_text("hunter2")
    with pytest.raises(NatsError, match=r"user\.nk: it is no seed") as refused:
        _bring(tmp_path)
    assert "hunter2" not in str(refused.value)
    assert (tmp_path / "clients/joe/user.nk").read_text() == "hunter2"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden"])
def test_names_that_would_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CertificateError, match="cannot be the name of a folder"):
        _bring(tmp_path, replace(_WANTED, users=[name]))

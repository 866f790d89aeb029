# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's folder of all who take part in NATS: an authority, certificates of servers and users, and nkeys.

ca.pem ca-key.pem                                 signs servers (for clients) and users
cluster/ca.pem cluster/ca-key.pem                 signs servers for each other: no client passes for a server there
servers/NAME/{ca,cert,key}.pem                    what a server shows to clients
servers/NAME/{cluster-ca,cluster-cert,cluster-key}.pem   what it shows to the other servers
clients/USER/{ca,cert,key}.pem user.nk            what a user connects with
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.nkey import (
    decode_seed,
    encode_public,
    encode_seed,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.authority_folder import (
    AuthorityFolder,
    expiry_reason,
    write_atomically,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    Authority,
    CertificateError,
    Issued,
    alternative_names,
    belongs,
    canonical_names,
    days_left,
    issue_peer,
    issue_server,
    load_certificate,
)

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
except ImportError:
    pass  # whoever needs it says so: see MISSING_LIBRARY of certificates.py

Issue = Callable[[Authority, "list[str]", int], Issued]


@dataclass(frozen=True)
class Wanted:
    """Who shall have an identity: servers with their names, whether they are a cluster, users, and for how long."""

    servers: Sequence[tuple[str, list[str]]]
    users: Sequence[str]
    cluster: bool = False
    common_name: str = "NATS"
    ca_days: int = 3650
    days: int = 365
    renew_days: int = 30


@dataclass
class Outcome:
    """reasons: what was made, or would be, and why. nkeys: public nkeys by user. days_left: of the first to end."""

    reasons: dict[str, str] = field(default_factory=dict)
    nkeys: dict[str, str] = field(default_factory=dict)
    days_left: int | None = None


class IdentityFolder:
    """The folder. With `dry`, nothing is written, and keys that are missing are made for this once."""

    def __init__(self, folder: str, passphrase: str | None, *, dry: bool) -> None:
        self.clients = AuthorityFolder(folder, passphrase)
        self.folder = self.clients.folder
        self.peers = AuthorityFolder(str(self.folder / "cluster"), passphrase)
        self._dry = dry

    def bring(self, wanted: Wanted) -> Outcome:
        """Make what is missing and renew what ends. Raises CertificateError and NatsError."""
        outcome = Outcome()
        authority = self._authority(self.clients, "authority", wanted, outcome)
        for name, names in wanted.servers:
            self._server(outcome, authority, name, names, wanted)
        if wanted.cluster:
            peers = self._authority(self.peers, "authority of the cluster", wanted, outcome)
            for name, names in wanted.servers:
                self._server(outcome, peers, name, names, wanted, prefix="cluster-", issue=issue_peer)
        for user in wanted.users:
            self._user(outcome, authority, user, wanted)
        return outcome

    def _authority(self, folder: AuthorityFolder, what: str, wanted: Wanted, outcome: Outcome) -> Authority | None:
        if folder.exists:
            return folder.load()
        outcome.reasons[what] = "missing"
        if self._dry:
            return None
        folder.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder.create(f"{wanted.common_name} {what}"[:64], wanted.ca_days)

    def _server(
        self,
        outcome: Outcome,
        authority: Authority | None,
        name: str,
        names: list[str],
        wanted: Wanted,
        prefix: str = "",
        issue: Issue = issue_server,
    ) -> None:
        folder = self.folder / "servers" / _folder_name(name)
        reason = _server_reason(folder, prefix, authority, names, wanted.renew_days)
        if reason:
            outcome.reasons[f"server {name}{' for the cluster' if prefix else ''}"] = reason
        if reason and authority is not None and not self._dry:
            issued = issue(authority, names, wanted.days)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(folder / f"{prefix}key.pem", issued.key, 0o600)
            write_atomically(folder / f"{prefix}cert.pem", issued.certificate, 0o644)
            write_atomically(folder / f"{prefix}ca.pem", authority.pem, 0o644)
        _note_end(outcome, folder / f"{prefix}cert.pem")

    def _user(self, outcome: Outcome, authority: Authority | None, user: str, wanted: Wanted) -> None:
        folder = self.folder / "clients" / _folder_name(user)
        reason = self.clients.client_reason(authority, user, wanted.renew_days)
        if reason:
            outcome.reasons[f"client {user}"] = reason
        if reason and authority is not None and not self._dry:
            self.clients.issue_client(authority, user, wanted.days)
        outcome.nkeys[user] = self._nkey(outcome, folder, user)
        _note_end(outcome, folder / "cert.pem")

    def _nkey(self, outcome: Outcome, folder: Path, user: str) -> str:
        """The public nkey of a user. A seed that is there is never replaced: it is the user."""
        file = folder / "user.nk"
        if file.exists():
            try:
                return _public(decode_seed(file.read_text()))
            except (NatsError, ValueError) as exc:
                raise NatsError(f"{file}: {exc}: restore it, or remove it to give {user} a new nkey") from exc
        outcome.reasons[f"nkey {user}"] = "missing"
        seed = os.urandom(32)
        if not self._dry:
            write_atomically(file, (encode_seed(seed) + "\n").encode(), 0o600)
        return _public(seed)


def _public(seed: bytes) -> str:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return encode_public(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _server_reason(
    folder: Path, prefix: str, authority: Authority | None, names: list[str], renew_days: int
) -> str | None:
    """Why a server needs a new certificate; None where the present one serves."""
    files = [folder / f"{prefix}{part}.pem" for part in ("ca", "cert", "key")]
    if authority is None or not all(file.exists() for file in files):
        return "missing"
    try:
        certificate = load_certificate(files[1].read_bytes())
    except CertificateError:
        return "unreadable"
    if not authority.signed(certificate) or files[0].read_bytes() != authority.pem:
        return "issued by another authority"
    if not belongs(files[2].read_bytes(), certificate):
        return "the key is not that of the certificate"
    if alternative_names(certificate) != canonical_names(names):
        return "the names have changed"
    return expiry_reason(days_left(certificate), renew_days, days_left(authority.certificate))


def _note_end(outcome: Outcome, file: Path) -> None:
    """Only in check mode can one be missing or damaged here."""
    with contextlib.suppress(FileNotFoundError, CertificateError):
        left = days_left(load_certificate(file.read_bytes()))
        outcome.days_left = left if outcome.days_left is None else min(left, outcome.days_left)


def _folder_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*", name):
        raise CertificateError(f"{name!r} cannot be the name of a folder: use letters, digits and _ . @ -")
    return name

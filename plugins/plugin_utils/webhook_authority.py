# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's folder of a webhook: its authority, that of before while it is still trusted, and the certificate.

ca.pem ca-key.pem          signs the certificate of the server
previous-ca.pem            signed the one of before: API servers trust both until it ends
server/{cert,key}.pem      what the server shows
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

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
    create_authority,
    days_left,
    issue_server,
    load_authority,
    load_certificate,
)


@dataclass(frozen=True)
class Wanted:
    """names: DNS names and addresses of the server. The rest is in days: how long, and how long before to renew."""

    names: Sequence[str]
    common_name: str
    ca_days: int
    ca_renew_days: int
    days: int
    renew_days: int


@dataclass
class Outcome:
    """What API servers trust (PEM), what the server shows, why anything is new, and the days until the first ends."""

    ca_bundle: str = ""
    issued: Issued = field(default_factory=lambda: Issued(b"", b""))
    reasons: dict[str, str] = field(default_factory=dict)
    days_left: int = 0
    rotated: bool = False


class WebhookAuthority:
    """The folder. With `dry` nothing is written, and what is missing is made for this once."""

    def __init__(self, folder: str, passphrase: str | None, *, dry: bool) -> None:
        self.authorities = AuthorityFolder(folder, passphrase)
        self.folder = self.authorities.folder
        self._dry = dry
        self._previous = self.folder / "previous-ca.pem"

    def bring(self, wanted: Wanted) -> Outcome:
        """Make what is missing and renew what ends. Raises CertificateError and OSError."""
        outcome = Outcome()
        authority = self._authority(wanted, outcome)
        outcome.issued = self._server(authority, wanted, outcome)
        outcome.days_left = min(
            days_left(load_certificate(outcome.issued.certificate)), days_left(authority.certificate)
        )
        outcome.ca_bundle = authority.pem.decode() + self._still_trusted(authority)
        return outcome

    def _authority(self, wanted: Wanted, outcome: Outcome) -> Authority:
        if self.authorities.exists:
            ended = _end_of(self.authorities.certificate_path, wanted.ca_renew_days)
            if not ended:
                return self.authorities.load()
            outcome.reasons["authority"], outcome.rotated = ended, True
        else:
            outcome.reasons["authority"] = "missing"
        if self._dry:
            made = create_authority(wanted.common_name, wanted.ca_days)
            return load_authority(made.certificate, made.key)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if outcome.rotated:
            write_atomically(self._previous, self.authorities.certificate_path.read_bytes(), 0o644)
            # The certificate first: half of an authority is an error that says so.
            self.authorities.certificate_path.unlink()
            self.authorities.key_path.unlink()
        return self.authorities.create(wanted.common_name, wanted.ca_days)

    def _still_trusted(self, authority: Authority) -> str:
        """The authority of before, as long as it has not ended. In check mode it is still the one that signs."""
        for file in (self._previous, self.authorities.certificate_path):
            if file.exists() and file.read_bytes() != authority.pem:
                certificate = file.read_bytes()
                if days_left(load_certificate(certificate)) >= 0:
                    return certificate.decode()
        return ""

    def _server(self, authority: Authority, wanted: Wanted, outcome: Outcome) -> Issued:
        folder = self.folder / "server"
        reason = _server_reason(folder, authority, wanted)
        if not reason:
            return Issued((folder / "cert.pem").read_bytes(), (folder / "key.pem").read_bytes())
        outcome.reasons["server"] = reason
        issued = issue_server(authority, list(wanted.names), wanted.days)
        if not self._dry:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(folder / "key.pem", issued.key, 0o600)
            write_atomically(folder / "cert.pem", issued.certificate, 0o644)
        return issued


def _end_of(file: Path, renew_days: int) -> str:
    left = days_left(load_certificate(file.read_bytes()))
    return "" if left >= renew_days else "expired" if left < 0 else f"expires in {left} days"


def _server_reason(folder: Path, authority: Authority, wanted: Wanted) -> str | None:
    """Why the server needs a new certificate; None where the present one serves."""
    if not all((folder / name).exists() for name in ("cert.pem", "key.pem")):
        return "missing"
    try:
        certificate = load_certificate((folder / "cert.pem").read_bytes())
    except CertificateError:
        return "unreadable"
    if not authority.signed(certificate):
        return "issued by another authority"
    if not belongs((folder / "key.pem").read_bytes(), certificate):
        return "the key is not that of the certificate"
    if alternative_names(certificate) != canonical_names(list(wanted.names)):
        return "the names have changed"
    return expiry_reason(days_left(certificate), wanted.renew_days, days_left(authority.certificate))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's folder of an authority: its certificate, its key, and a bundle for each user. The key stays here.

Several hosts are worked on at the same time, by processes of their own: whoever writes holds the folder's lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    Authority,
    CertificateError,
    Issued,
    belongs,
    create_authority,
    days_left,
    issue_client,
    load_authority,
    load_certificate,
)


class AuthorityFolder:
    """A folder with `ca.pem`, `ca-key.pem` and `clients/USER/{ca,cert,key}.pem`, as DOCKER_CERT_PATH wants them."""

    def __init__(self, folder: str, passphrase: str | None = None) -> None:
        self.folder = Path(folder).expanduser()
        self._passphrase = passphrase
        self.certificate_path = self.folder / "ca.pem"
        self.key_path = self.folder / "ca-key.pem"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against other processes; it is made where it is missing."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def exists(self) -> bool:
        """Whether there is an authority. Raises CertificateError where half of one is."""
        present = [path.exists() for path in (self.certificate_path, self.key_path)]
        if any(present) and not all(present):
            missing = self.key_path if present[0] else self.certificate_path
            raise CertificateError(f"{self.folder} has half of an authority: {missing.name} is missing")
        return all(present)

    def load(self) -> Authority:
        """The authority. Raises CertificateError."""
        try:
            return load_authority(self.certificate_path.read_bytes(), self.key_path.read_bytes(), self._passphrase)
        except CertificateError as exc:
            raise CertificateError(f"The authority in {self.folder} cannot be used: {exc}") from exc
        except OSError as exc:
            raise CertificateError(f"The authority in {self.folder} cannot be read: {exc.strerror}") from exc

    def create(self, common_name: str, days: int) -> Authority:
        """Make a new authority and keep it. The key is written first: a certificate without one would look complete."""
        issued = create_authority(common_name, days, self._passphrase)
        write_atomically(self.key_path, issued.key, 0o600)
        write_atomically(self.certificate_path, issued.certificate, 0o644)
        return self.load()

    def client_reason(self, authority: Authority | None, user: str, renew_days: int) -> str | None:
        """Why a user needs a new certificate; None where the present one serves."""
        folder = self._client_folder(user)
        if authority is None or not all((folder / name).exists() for name in ("ca.pem", "cert.pem", "key.pem")):
            return "missing"
        try:
            certificate = load_certificate((folder / "cert.pem").read_bytes())
        except CertificateError:
            return "unreadable"
        if not authority.signed(certificate) or (folder / "ca.pem").read_bytes() != authority.pem:
            return "issued by another authority"
        # A run that ended between the two leaves a new key beside an old certificate.
        if not belongs((folder / "key.pem").read_bytes(), certificate):
            return "the key is not that of the certificate"
        return expiry_reason(days_left(certificate), renew_days, days_left(authority.certificate))

    def issue_client(self, authority: Authority, user: str, days: int) -> Issued:
        """Give a user a new certificate, in a folder that only its owner reads."""
        issued = issue_client(authority, user, days)
        folder = self._client_folder(user)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(folder / "key.pem", issued.key, 0o600)
        write_atomically(folder / "cert.pem", issued.certificate, 0o600)
        write_atomically(folder / "ca.pem", authority.pem, 0o600)
        return issued

    def _client_folder(self, user: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*", user):
            raise CertificateError(f"{user!r} cannot be the name of a folder: use letters, digits and _ . @ -")
        return self.folder / "clients" / user


def expiry_reason(left: int, renew_days: int, authority_left: int) -> str | None:
    """Why to renew what ends in so many days. One that lasts as long as its authority cannot get better."""
    if left >= renew_days or (left >= authority_left and left >= 0):
        return None
    return "expired" if left < 0 else f"expires in {left} days"


def write_atomically(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is either the old one or the new one, whatever happens meanwhile."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".bulkhead-")
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise

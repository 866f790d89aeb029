# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates and kubeconfigs of a private cluster: elliptic curve keys, made in milliseconds."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALIDITY = datetime.timedelta(days=7)
_CLOCK_SKEW = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Credential:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write NAME.crt and NAME.key (0600), and return where they are."""
        certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
        certificate.write_bytes(self.certificate)
        key.touch(0o600)
        key.write_bytes(self.key)
        return certificate, key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _subject(name: str, groups: Sequence[str] = ()) -> x509.Name:
    organisations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organisations, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )


class Authority:
    """A certificate authority; `server` and `client` issue what it signs."""

    def __init__(self, name: str) -> None:
        self._name = _subject(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(self._name, self._name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        certificate = builder.add_extension(usage, True).sign(self._key, hashes.SHA256())
        self.credential = Credential(certificate.public_bytes(serialization.Encoding.PEM), _pem(self._key))

    def server(self, name: str, names: Sequence[str], groups: Sequence[str] = ()) -> Credential:
        """A serving certificate for these DNS names and addresses."""
        alternatives = x509.SubjectAlternativeName([_alternative(alternative) for alternative in names])
        return self._issue(_subject(name, groups), ExtendedKeyUsageOID.SERVER_AUTH, alternatives)

    def client(self, name: str, groups: Sequence[str] = ()) -> Credential:
        """A client certificate: Kubernetes reads the user from the common name, the groups from the organisations."""
        return self._issue(_subject(name, groups), ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def _issue(
        self, subject: x509.Name, purpose: x509.ObjectIdentifier, alternatives: x509.SubjectAlternativeName | None
    ) -> Credential:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = _builder(subject, self._name, key).add_extension(x509.ExtendedKeyUsage([purpose]), False)
        # Python 3.13 takes no certificate that does not say whose key has signed it.
        builder = builder.add_extension(issuer, False)
        if alternatives is not None:
            builder = builder.add_extension(alternatives, False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Credential(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))


def write_signing_key(folder: Path, name: str = "sa") -> tuple[Path, Path]:
    """The pair that signs ServiceAccount tokens: (NAME.key, NAME.pub)."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    private.touch(0o600)
    private.write_bytes(_pem(key))
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def write_kubeconfig(
    file: Path, server: str, authority: bytes, user: str, *, credential: Credential | None = None, token: str = ""
) -> Path:
    """A kubeconfig (0600, JSON, which is YAML) with everything inline, for a client certificate or a token."""
    secret: dict[str, str] = {"token": token} if token else {}
    if credential is not None:
        secret["client-certificate-data"] = _encoded(credential.certificate)
        secret["client-key-data"] = _encoded(credential.key)
    cluster = {"server": server, "certificate-authority-data": _encoded(authority)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": user, "user": secret}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
        "current-context": "lab",
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    file.write_text(json.dumps(content, indent=2) + "\n")
    return file

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""X.509 for the Engine API: an authority, server and client certificates, and what one says about itself. No I/O.

ECDSA on P-256 with SHA-256 throughout: every Docker since 1.9 and every TLS library in use speaks it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError as exc:
    MISSING_LIBRARY: str | None = (
        f"The controller's Python needs the cryptography library ({exc}): pip install cryptography"
    )
else:
    MISSING_LIBRARY = None

# Clocks differ; a certificate that is not valid yet on the other side stops everything.
_CLOCK_SKEW = timedelta(minutes=10)


class CertificateError(Exception):
    """What is wrong with a certificate or a key; the message is one sentence for the user."""


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True)
class Authority:
    """A certificate authority that can sign."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        """The certificate, which everyone may have."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def signed(self, certificate: x509.Certificate) -> bool:
        """Whether this authority's key made the signature on the certificate."""
        if certificate.issuer != self.certificate.subject:
            return False
        try:
            _verify(self.certificate.public_key(), certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


def create_authority(common_name: str, days: int, passphrase: str | None = None) -> Issued:
    """A self-signed authority that may sign end certificates only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name)
    builder = _builder(name, name, key.public_key(), _now() + timedelta(days=days))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    return Issued(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key, passphrase))


def load_authority(certificate: bytes, key: bytes, passphrase: str | None = None) -> Authority:
    """The authority of these PEM files. Raises CertificateError where they do not make one."""
    try:
        loaded = serialization.load_pem_private_key(key, passphrase.encode() if passphrase else None)
    except TypeError as exc:
        raise CertificateError("the key and the passphrase do not go together: one of them is missing") from exc
    except ValueError as exc:
        raise CertificateError("the key cannot be read: it is damaged, or the passphrase is wrong") from exc
    authority = Authority(load_certificate(certificate), loaded)
    if _public(authority.certificate.public_key()) != _public(loaded.public_key()):
        raise CertificateError("the key does not belong to the certificate")
    if not _may_sign(authority.certificate):
        raise CertificateError("the certificate is not that of an authority (basicConstraints CA:TRUE)")
    if not_after(authority.certificate) <= _now():
        raise CertificateError(f"the certificate expired on {not_after(authority.certificate):%Y-%m-%d}")
    return authority


def issue_server(authority: Authority, names: list[str], days: int) -> Issued:
    """A certificate with which a daemon shows that it is reached by these DNS names and IP addresses."""
    return _issue(authority, names[0], days, [ExtendedKeyUsageOID.SERVER_AUTH], canonical_names(names))


def issue_peer(authority: Authority, names: list[str], days: int) -> Issued:
    """A certificate for one of several servers that call each other: each is both server and client."""
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return _issue(authority, names[0], days, purposes, canonical_names(names))


def issue_client(authority: Authority, user: str, days: int) -> Issued:
    """A certificate with which a user is let in by a daemon that trusts the authority."""
    return _issue(authority, user, days, [ExtendedKeyUsageOID.CLIENT_AUTH], [])


def load_certificate(pem: bytes) -> x509.Certificate:
    """The first certificate of a PEM text. Raises CertificateError."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as exc:
        raise CertificateError("the certificate cannot be read: it is not PEM, or damaged") from exc


def belongs(key: bytes, certificate: x509.Certificate) -> bool:
    """Whether this PEM text is the private key of the certificate."""
    try:
        loaded = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError):
        return False
    return _public(loaded.public_key()) == _public(certificate.public_key())


def describe(certificate: x509.Certificate) -> dict[str, Any]:
    """What may be shown of a certificate: {subject, issuer, names, not_before, not_after, fingerprint}."""
    start = getattr(certificate, "not_valid_before_utc", None) or certificate.not_valid_before
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "names": alternative_names(certificate),
        "not_before": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{not_after(certificate):%Y-%m-%dT%H:%M:%SZ}",
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
    }


def alternative_names(certificate: x509.Certificate) -> list[str]:
    """The DNS names and IP addresses that a certificate is for, sorted."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    dns = extension.get_values_for_type(x509.DNSName)
    return sorted([*dns, *(str(address) for address in extension.get_values_for_type(x509.IPAddress))])


def not_after(certificate: x509.Certificate) -> datetime:
    """When a certificate ends, in UTC. cryptography before 42 gives a time without a zone."""
    end: datetime | None = getattr(certificate, "not_valid_after_utc", None)
    return end if end is not None else certificate.not_valid_after.replace(tzinfo=timezone.utc)


def days_left(certificate: x509.Certificate) -> int:
    """Whole days until a certificate ends; negative when it has."""
    return (not_after(certificate) - _now()).days


def canonical_names(names: list[str]) -> list[str]:
    """The names as a certificate holds them: sorted, IP addresses in one spelling, DNS names in lower case."""
    return sorted({_address_text(name) or name.lower() for name in names})


def _issue(
    authority: Authority, common_name: str, days: int, purposes: list[x509.ObjectIdentifier], names: list[str]
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(_now() + timedelta(days=days), not_after(authority.certificate))
    builder = _builder(_name(common_name), authority.certificate.subject, key.public_key(), end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    signer: Any = authority.certificate.public_key()
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer)
    builder = builder.add_extension(issuer, critical=False)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(each) for each in names]), critical=False
        )
    # The Edwards curves bring their own hash.
    own_hash = isinstance(authority.key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
    certificate = builder.sign(authority.key, None if own_hash else hashes.SHA256())
    return Issued(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key, None))


def _verify(public_key: Any, certificate: x509.Certificate) -> None:
    """Raise InvalidSignature unless the key made the signature. cryptography does this by itself from release 40."""
    signature, signed, used = (
        certificate.signature,
        certificate.tbs_certificate_bytes,
        certificate.signature_hash_algorithm,
    )
    if isinstance(public_key, rsa.RSAPublicKey) and used is not None:
        public_key.verify(signature, signed, padding.PKCS1v15(), used)
    elif isinstance(public_key, ec.EllipticCurvePublicKey) and used is not None:
        public_key.verify(signature, signed, ec.ECDSA(used))
    else:
        public_key.verify(signature, signed)


def _builder(subject: x509.Name, issuer: x509.Name, public_key: Any, end: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(_now() - _CLOCK_SKEW).not_valid_after(end)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: Any, passphrase: str | None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    pem: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return pem


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _public(key: Any) -> bytes:
    der: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der


def _name(common_name: str) -> x509.Name:
    # A common name has 64 characters at most; what counts for a server is its alternative names.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _general_name(name: str) -> x509.GeneralName:
    address = _address_text(name)
    return x509.IPAddress(ipaddress.ip_address(address)) if address else x509.DNSName(name)


def _address_text(name: str) -> str | None:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return None


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)

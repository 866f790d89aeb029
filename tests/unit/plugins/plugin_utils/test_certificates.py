# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates are what Docker and its clients expect, and say what is wrong with those that are not."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    Authority,
    CertificateError,
    Issued,
    alternative_names,
    canonical_names,
    create_authority,
    days_left,
    describe,
    issue_client,
    issue_server,
    load_authority,
    load_certificate,
)


def authority_of(issued: Issued, passphrase: str | None = None) -> Authority:
    return load_authority(issued.certificate, issued.key, passphrase)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return authority_of(create_authority("Test", 100))


def usages(certificate: x509.Certificate) -> list[Any]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_an_authority_may_sign_end_certificates_and_no_further_authority(authority: Authority) -> None:
    extensions = authority.certificate.extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    assert extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is True
    assert days_left(authority.certificate) in (99, 100)


def test_a_server_certificate_is_for_its_names_and_for_serving_alone(authority: Authority) -> None:
    certificate = load_certificate(
        issue_server(authority, ["Docker.Example", "10.0.0.1", "::1", "10.0.0.1"], 50).certificate
    )
    assert alternative_names(certificate) == ["10.0.0.1", "::1", "docker.example"]
    assert usages(certificate) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert authority.signed(certificate)


def test_a_client_certificate_names_its_user_and_is_for_clients_alone(authority: Authority) -> None:
    certificate = load_certificate(issue_client(authority, "alice", 50).certificate)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "alice"
    assert usages(certificate) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert alternative_names(certificate) == []


def test_no_certificate_outlives_its_authority(authority: Authority) -> None:
    assert days_left(load_certificate(issue_client(authority, "alice", 5000).certificate)) in (99, 100)


def test_two_certificates_differ_in_key_and_serial_number(authority: Authority) -> None:
    one, other = (issue_server(authority, ["a"], 5) for _number in range(2))
    assert one.key != other.key
    assert load_certificate(one.certificate).serial_number != load_certificate(other.certificate).serial_number


def test_another_authority_of_the_same_name_did_not_sign(authority: Authority) -> None:
    namesake = authority_of(create_authority("Test", 100))
    assert not namesake.signed(load_certificate(issue_server(authority, ["a"], 5).certificate))
    renamed = authority_of(create_authority("Other", 100))
    assert not renamed.signed(load_certificate(issue_server(authority, ["a"], 5).certificate))


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["rsa", "p384", "ed25519"],
)
def test_an_authority_made_elsewhere_can_be_taken(key: Any) -> None:
    made = load_certificate(create_authority("Elsewhere", 100).certificate)
    builder = (
        x509.CertificateBuilder().subject_name(made.subject).issuer_name(made.subject).public_key(key.public_key())
    )
    builder = (
        builder.serial_number(7).not_valid_before(made.not_valid_before_utc).not_valid_after(made.not_valid_after_utc)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    authority = load_authority(certificate.public_bytes(serialization.Encoding.PEM), pem)
    assert authority.signed(load_certificate(issue_server(authority, ["a"], 5).certificate))


def test_what_makes_no_authority_is_told() -> None:
    good, other = create_authority("Test", 100), create_authority("Test", 100)
    locked, expired = create_authority("Test", 100, "secret"), create_authority("Test", 0)
    leaf = issue_server(authority_of(good), ["a"], 5)
    for certificate, key, passphrase, said in (
        (good.certificate, other.key, None, "does not belong"),
        (leaf.certificate, leaf.key, None, "not that of an authority"),
        (locked.certificate, locked.key, None, "one of them is missing"),
        (locked.certificate, locked.key, "wrong", "the passphrase is wrong"),
        (b"none", good.key, None, "the certificate cannot be read"),
        (good.certificate, b"none", None, "the key cannot be read"),
        (expired.certificate, expired.key, None, "expired on"),
    ):
        with pytest.raises(CertificateError, match=said):
            load_authority(certificate, key, passphrase)


def test_what_is_shown_of_a_certificate_holds_no_key(authority: Authority) -> None:
    shown = describe(load_certificate(issue_server(authority, ["docker.example"], 5).certificate))
    assert set(shown) == {"subject", "issuer", "names", "not_before", "not_after", "fingerprint"}
    assert (shown["subject"], shown["issuer"], shown["names"]) == ("CN=docker.example", "CN=Test", ["docker.example"])
    assert shown["not_after"].endswith("Z")


def test_one_spelling_of_each_name() -> None:
    assert canonical_names(["B", "a", "0:0::1", "::1", "b"]) == ["::1", "a", "b"]

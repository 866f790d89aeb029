# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From when until when an X.509 certificate holds, read without a cryptography library: a target may have none.

Only the way to the dates is decoded: Certificate, TBSCertificate, Validity (RFC 5280, 4.1; DER, X.690).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_EXPLICIT_VERSION, _UTC_TIME, _GENERALIZED_TIME = 0xA0, 0x17, 0x18


class CertificateError(Exception):
    """A certificate that cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True)
class Validity:
    """Both in UTC."""

    not_before: datetime
    not_after: datetime


def validities(pem: str) -> list[Validity]:
    """The validity of every certificate in a PEM text, in order. Raises CertificateError for what is none."""
    blocks = _PEM.findall(pem)
    if not blocks:
        raise CertificateError("there is no PEM certificate")
    return [_validity(block) for block in blocks]


def _validity(block: str) -> Validity:
    try:
        certificate = base64.b64decode("".join(block.split()), validate=True)
        body = next(_elements(next(_elements(certificate))[1]))[1]
        fields = [element for element in _elements(body) if element[0] != _EXPLICIT_VERSION]
        # serialNumber, signature, issuer, validity
        dates = [_time(kind, value) for kind, value in _elements(fields[3][1])]
        return Validity(dates[0], dates[1])
    except (binascii.Error, IndexError, StopIteration, ValueError) as exc:
        raise CertificateError("it is no X.509 certificate") from exc


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, content) of the elements that lie behind one another in DER."""
    offset = 0
    while offset < len(data):
        tag, length = data[offset], data[offset + 1]
        offset += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[offset : offset + size], "big")
            offset += size
        if offset + length > len(data):
            raise ValueError("truncated")
        yield tag, data[offset : offset + length]
        offset += length


def _time(kind: int, value: bytes) -> datetime:
    text = value.decode("ascii")
    if kind == _UTC_TIME:
        # Two digits of a year: 50 and above are of the last century.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)

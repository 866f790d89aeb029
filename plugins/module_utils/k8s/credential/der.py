# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of ASN.1 DER (X.690) as a certificate request and a client certificate need, without a library for it.

A target may have no cryptography library; names are encoded here and never go through a program's configuration file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

INTEGER, BIT_STRING, OID, UTF8_STRING, SEQUENCE, SET = 0x02, 0x03, 0x06, 0x0C, 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
EXPLICIT_0 = 0xA0


@dataclass(frozen=True)
class Element:
    """One element: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def children(self) -> list[Element]:
        """The elements inside of it. Raises ValueError."""
        return list(elements(self.content))


def encode(tag: int, *contents: bytes) -> bytes:
    """One element of these contents, one behind the other."""
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def oid(dotted: str) -> bytes:
    """An object identifier, such as 2.5.4.3."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    return encode(OID, bytes([first * 40 + second]), *(_base128(number) for number in rest))


def elements(data: bytes) -> Iterator[Element]:
    """The elements that lie one behind the other. Raises ValueError for what is no DER."""
    offset = 0
    while offset < len(data):
        start, (length, begin) = offset, _length(data, offset + 1)
        offset = begin + length
        if offset > len(data):
            raise ValueError("truncated DER")
        yield Element(data[start], data[begin:offset], data[start:offset])


def _length(data: bytes, at: int) -> tuple[int, int]:
    """(length of the content, where it begins)."""
    if at >= len(data):
        raise ValueError("truncated DER")
    if not data[at] & 0x80:
        return data[at], at + 1
    size = data[at] & 0x7F
    return int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number > 0x7F:
        number >>= 7
        digits.insert(0, 0x80 | (number & 0x7F))
    return bytes(digits)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nkeys: Ed25519 keys as NATS writes them, in base32 with a prefix that tells what it is, and a CRC-16 at the end."""

from __future__ import annotations

import base64
import binascii

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

_SEED, _USER = 18 << 3, 20 << 3
_KEY_BYTES = 32


def encode_public(key: bytes) -> str:
    """The public nkey of a user ("U…", 56 characters) for the 32 bytes of its Ed25519 public key."""
    return _encoded(bytes([_USER]) + key)


def encode_seed(seed: bytes) -> str:
    """The seed of a user's nkey ("SU…", 58 characters) for its 32 bytes. Whoever has it is the user."""
    # Five bits say that it is a seed, five more of whom.
    return _encoded(bytes([_SEED | _USER >> 5, (_USER & 31) << 3]) + seed)


def decode_seed(text: str) -> bytes:
    """The 32 bytes of a user's seed. Raises NatsError, which does not show it."""
    raw = _decoded(text)
    if raw is None or len(raw) != _KEY_BYTES + 2 or encode_seed(raw[2:]) != text.strip():
        raise NatsError("it is no seed of a user's nkey (SU…, 58 characters)")
    return raw[2:]


def is_public(text: str) -> bool:
    """Whether this is the public nkey of a user, its checksum included."""
    raw = _decoded(text)
    return raw is not None and len(raw) == _KEY_BYTES + 1 and raw[0] == _USER


def _encoded(raw: bytes) -> str:
    checksum = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + checksum).decode().rstrip("=")


def _decoded(text: str) -> bytes | None:
    """What stands before the checksum, None where that does not fit."""
    padded = text.strip() + "=" * (-len(text.strip()) % 8)
    try:
        raw = base64.b32decode(padded)
    except (binascii.Error, ValueError):
        return None
    body, checksum = raw[:-2], raw[-2:]
    return body if binascii.crc_hqx(body, 0).to_bytes(2, "little") == checksum else None

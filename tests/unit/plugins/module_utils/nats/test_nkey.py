# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nkeys are those of the library that the clients use."""

from __future__ import annotations

import nkeys
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.nkey import (
    decode_seed,
    encode_public,
    encode_seed,
    is_public,
)


@given(st.binary(min_size=32, max_size=32))
def test_seeds_are_those_of_the_library(raw: bytes) -> None:
    seed = encode_seed(raw)
    assert seed.encode() == nkeys.encode_seed(raw, nkeys.PREFIX_BYTE_USER)
    assert decode_seed(seed + "\n") == raw


@given(st.binary(min_size=32, max_size=32), st.integers(0, 54))
def test_a_public_key_is_told_from_everything_else(raw: bytes, position: int) -> None:
    key = encode_public(raw)
    assert key.startswith("U")
    assert len(key) == 56
    assert is_public(key)
    changed = key[:position] + ("A" if key[position] != "A" else "B") + key[position + 1 :]
    assert not is_public(changed)
    assert not is_public(encode_seed(raw))


def test_the_library_makes_the_same_public_key() -> None:
    pair = nkeys.from_seed(bytearray(encode_seed(b"\x07" * 32).encode()))
    assert is_public(pair.public_key.decode())


@pytest.mark.parametrize("text", ["", "SU", "hunter2", encode_public(b"\x01" * 32)])
def test_what_is_no_seed_is_not_shown(text: str) -> None:
    with pytest.raises(NatsError) as refused:
        decode_seed(text)
    assert not text or text == "SU" or text not in str(refused.value)

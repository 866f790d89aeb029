# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON text of many small values, as json.dumps writes it, without an encoder that is set up anew for each of them."""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Callable
from typing import Any

# Made once: json.dumps with options of its own makes an encoder a call.
encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False).encode
quoted: Callable[[str], str] = json.encoder.encode_basestring

_SWITCHES = {True: "true", False: "false", None: "null"}


def small(value: Any) -> str:
    """What `encode` returns, sooner, for what is a text, a switch or a number, or holds only a few of those."""
    kind = value.__class__
    if kind is str:
        return quoted(value)
    if kind is dict and len(value) < 8 and all(key.__class__ is str for key in value):
        return "{" + ", ".join([f"{quoted(key)}: {small(item)}" for key, item in value.items()]) + "}"
    if kind is bool or value is None:
        return _SWITCHES[value]
    return repr(value) if kind is int else encode(value)

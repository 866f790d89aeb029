# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials in a ConfigMap, by the name of a key or the shape of a value. What is found is named and never shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# A configuration of more than this is looked at no further: the judgement of an event must not take long.
_LOOKED_AT = 65_536
_SHAPES = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_\w{22})")),
    ("a GitLab token", re.compile(r"\bglpat-[\w-]{20}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10}")),
    ("a JSON web token", re.compile(r"(?:^|[\s\"'=:])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8}")),
    ("a URL with a password", re.compile(r"[a-z]://[^\s/:@'\"]{0,64}:(?![$*<%{])[^\s/@'\"]{1,128}@[\w\[]")),
)
_SECRET = r"(?:passw(?:or)?d|passphrase|pwd|secrets?|token|credentials?|(?:api|access|private|secret|auth)[_.-]?key)"
_NAME = re.compile(rf"(?:^|[_.-]|[a-z](?=[A-Z])){_SECRET}\Z", re.IGNORECASE)
# Of a file of settings within a value, the lines that set such a name: `db.password = x`, `token: x`.
_LINE = re.compile(
    rf"^[ \t]*[\w.\"'-]{{0,64}}{_SECRET}[\"']?[ \t]{{0,8}}[:=][ \t]{{0,8}}([^\s#]\S{{0,199}})", re.I | re.M
)
# What stands in the place of a value and is none.
_NO_VALUE = re.compile(
    r"[\"']?(?:[\"',]*|true|false|yes|no|on|off|null|none|\d|\*+|x{3,}|<.*|\$.*|\{.*|%.*|/\S*|[a-z]+://\S*)[\"',]*\Z",
    re.IGNORECASE,
)


def credentials_in(data: Mapping[str, Any]) -> list[str]:
    """What looks like a credential in the data of a ConfigMap, as `key (why)`, in the order of the keys."""
    found = []
    for key in sorted(filter(lambda name: isinstance(name, str), data)):
        value = data[key]
        why = _why(key, value[:_LOOKED_AT]) if isinstance(value, str) else ""
        if why:
            found.append(f"{key[:64]} ({why})")
    return found


def _why(key: str, value: str) -> str:
    for kind, shape in _SHAPES:
        if shape.search(value):
            return kind
    if _NAME.search(key) and "\n" not in value.strip() and not _NO_VALUE.match(value.strip()[:200]):
        return "by its name"
    held = any(not _NO_VALUE.match(match[1]) for match in _LINE.finditer(value))
    return "by the name of a setting in it" if held else ""

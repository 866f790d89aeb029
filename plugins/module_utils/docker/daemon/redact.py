# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""daemon.json as it may be shown: passwords in URLs masked, tokens replaced by a fingerprint.

A log driver's options and a proxy's address are where daemon.json holds secrets. A fingerprint still shows that a
secret changes; a password in a URL is shown as changed by the fingerprint after the mask.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_SECRET_NAME = re.compile(r"(token|passw|secret|credential|api-?key|private-?key|auth$)", re.IGNORECASE)
# Names that look like the above and hold a path or a yes and no.
_HARMLESS = frozenset({"authorization-plugins", "splunk-verify-connection", "awslogs-credentials-endpoint"})
# A password may hold an @, so the last one counts.
_USER_INFO = re.compile(r"([a-z][a-z0-9+.-]*://)([^/\s]+)@", re.IGNORECASE)
_NAMED_SECRET = re.compile(
    r"(?P<name>[\w-]*(?:token|passw(?:or)?d|secret|api-?key|private-?key)[\w-]*[\"']?\s*[=:]\s*)(?P<value>[\"']?[^\s\"',;]+)",
    re.IGNORECASE,
)


def shown(value: Any, name: str = "") -> Any:
    """A copy of a value without its secrets; `name` is the key that holds it."""
    if isinstance(value, Mapping):
        return {inner: shown(item, str(inner)) for inner, item in value.items()}
    if isinstance(value, list):
        return [shown(item, name) for item in value]
    if not isinstance(value, str):
        return value
    if value and _SECRET_NAME.search(name) and name not in _HARMLESS:
        return _fingerprint(value)
    return _without_credentials(value)


def said_without_secrets(text: str) -> str:
    """What a daemon or a command printed, without passwords in URLs and the values of NAME=VALUE that look secret."""
    return _NAMED_SECRET.sub(lambda match: f"{match['name']}***", _without_credentials(text))


def _without_credentials(text: str) -> str:
    return _USER_INFO.sub(lambda match: f"{match[1]}***({_fingerprint(match[2])})@", text)


def _fingerprint(secret: str) -> str:
    return "sha256:" + hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def secrets_in(value: Any, name: str = "") -> set[str]:
    """The secret strings that a value holds, so that Ansible can keep them out of every output."""
    if isinstance(value, Mapping):
        return {secret for inner, item in value.items() for secret in secrets_in(item, str(inner))}
    if isinstance(value, list):
        return {secret for item in value for secret in secrets_in(item, name)}
    if not isinstance(value, str) or not value:
        return set()
    if _SECRET_NAME.search(name) and name not in _HARMLESS:
        return {value}
    return {match[2].partition(":")[2] or match[2] for match in _USER_INFO.finditer(value)}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep what Secrets hold out of results, diffs, messages and logs: a fingerprint stands in for each value."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import secret_fingerprint

# kubectl copies the whole object, a Secret's data too, into this annotation.
_COPY = "kubectl.kubernetes.io/last-applied-configuration"
# A text this short is in every message by chance; a message is not where such a secret is told.
_SHORTEST = 4


def redacted(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object as it may be shown: itself, and of a Secret a copy with fingerprints for values."""
    shown = dict(obj)
    if obj.get("kind") == "Secret":
        for field in ("data", "stringData"):
            if field in shown:
                shown[field] = _fingerprints(shown[field], encoded=field == "data")
    shown["metadata"] = _without_copy(obj["metadata"])
    return shown


def redacted_value(kind: str, path: tuple[Any, ...], value: Any) -> Any:
    """The value of one field of an object as it may be shown."""
    if path[:3] == ("metadata", "annotations", _COPY):
        return secret_fingerprint(str(value))
    if kind == "Secret" and path[:1] == ("data",):
        return _fingerprints(value, encoded=True)
    return value


def without_secrets_of(obj: Mapping[str, Any], message: str) -> str:
    """A message about an object, without the values of it that a server may have quoted."""
    if obj.get("kind") != "Secret" or not isinstance(obj.get("data"), Mapping):
        return message
    for value in obj["data"].values():
        for text in (str(value), _plain(str(value)).decode(errors="replace")):
            if len(text) >= _SHORTEST:
                message = message.replace(text, secret_fingerprint(_plain(str(value)).decode(errors="replace")))
    return message


def _fingerprints(values: Any, *, encoded: bool) -> Any:
    """Equal secrets look equal, whether they came as data or as stringData."""
    if isinstance(values, Mapping):
        return {key: _fingerprints(value, encoded=encoded) for key, value in values.items()}
    if values is None or not isinstance(values, str):
        return values if values is None else secret_fingerprint(str(values))
    return secret_fingerprint(_plain(values).decode(errors="backslashreplace") if encoded else values)


def _plain(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def _without_copy(metadata: Any) -> Any:
    if not isinstance(metadata, Mapping) or _COPY not in (metadata.get("annotations") or {}):
        return metadata
    annotations = {key: value for key, value in metadata["annotations"].items() if key != _COPY}
    return {**metadata, "annotations": annotations}

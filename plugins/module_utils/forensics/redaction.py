# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down about a container or an object, without the secrets in it.

Values of environment variables leave as fingerprints, all of them; secrets in commands, labels and annotations are
known by the name of an option or by their shape. A secret of the environment is masked wherever it turns up again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import secret_fingerprint
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import (
    secret_in,
    without_secrets,
)

_SECRET_OPTION = re.compile(r"--?[\w-]*(?:password|passwd|requirepass|token|secret|api-?key)\Z", re.IGNORECASE)
# A shorter value may stand in any word by chance.
_SHORTEST_MASKED = 6
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_ENVIRONMENTS = ("env", "Env")


def environment(variables: Iterable[str] | None) -> list[dict[str, str]]:
    """NAME=value as {name, fingerprint}, in their order."""
    pairs = (str(variable).partition("=") for variable in variables or ())
    return [{"name": name, "fingerprint": secret_fingerprint(value)} for name, _equals, value in pairs]


def words(argv: Sequence[str]) -> list[str]:
    """A command line without its secrets; the word after an option such as --password is one."""
    shown: list[str] = []
    for before, word in zip(["", *argv], argv):
        secret = _SECRET_OPTION.match(before) and not word.startswith("-")
        shown.append(secret_fingerprint(word) if secret else without_secrets(word))
    return shown


def document(value: Any, beside: Any = None) -> Any:
    """A JSON-able document without secrets: those known by themselves, and those of environments in it.

    beside: another document, the secrets of whose environments must not stand in this one either.
    """
    secrets = _secret_values(value) | _secret_values(beside)
    return _masked(_clean(value), {secret: secret_fingerprint(secret) for secret in secrets})


def _clean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _clean_member(str(key), member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return words(value) if all(isinstance(item, str) for item in value) else [_clean(item) for item in value]
    return without_secrets(value) if isinstance(value, str) else value


def _clean_member(key: str, value: Any) -> Any:
    if key in _ENVIRONMENTS and isinstance(value, (list, tuple)):
        return environment(value) if _is_plain(value) else [_clean_variable(item) for item in value]
    if key == _APPLIED and isinstance(value, str):
        return _clean_applied(value)
    if isinstance(value, str):
        found = secret_in(key, value)
        return found["fingerprint"] if found and found["kind"] == "by its name" else without_secrets(value)
    return _clean(value)


def _clean_variable(item: Any) -> Any:
    """A variable of a pod's container: {name, value} or {name, valueFrom}."""
    if not isinstance(item, Mapping) or "value" not in item:
        return _clean(item)
    rest = {key: _clean(value) for key, value in item.items() if key != "value"}
    return {**rest, "fingerprint": secret_fingerprint(str(item["value"]))}


def _clean_applied(text: str) -> str:
    """The annotation holds the whole object once more, with the values of its environment."""
    try:
        return json.dumps(document(json.loads(text)))
    except (ValueError, RecursionError):
        return secret_fingerprint(text)


def _is_plain(value: Sequence[Any]) -> bool:
    return all(isinstance(item, str) for item in value)


def _secret_values(value: Any) -> set[str]:
    """The values of variables that are secrets, by name or shape, anywhere in the document."""
    found: set[str] = set()
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key in _ENVIRONMENTS and isinstance(member, (list, tuple)):
                found.update(secret for secret in map(_secret_of, member) if len(secret) >= _SHORTEST_MASKED)
            found |= _secret_values(member)
    elif isinstance(value, (list, tuple)):
        for item in value:
            found |= _secret_values(item)
    return found


def _secret_of(variable: Any) -> str:
    if isinstance(variable, Mapping):
        name, text = str(variable.get("name") or ""), str(variable.get("value") or "")
    else:
        name, _equals, text = str(variable).partition("=")
    return text if text and secret_in(name, text) else ""


def _masked(value: Any, known: Mapping[str, str]) -> Any:
    if not known:
        return value
    if isinstance(value, Mapping):
        return {key: _masked(member, known) for key, member in value.items()}
    if isinstance(value, list):
        return [_masked(item, known) for item in value]
    if isinstance(value, str):
        for secret, shown in known.items():
            value = value.replace(secret, shown)
    return value

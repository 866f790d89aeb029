# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests from a log of the API server's audit (audit.k8s.io/v1, a line of JSON an event), read line by line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    GROUP,
    SERVICE_ACCOUNT,
    Identity,
    service_account_of,
)

# An event at the level RequestResponse holds two objects at most, of 1.5 MiB each, and JSON in JSON doubles it.
LONGEST_LINE = 8 * 1024 * 1024
# At this stage nobody has been let in yet, and the same request is told again at the next one.
_TOO_EARLY = "RequestReceived"
_AUTHENTICATION = "authentication.k8s.io"
# The name that an event tells of these is that of the object which came of it; nobody was asked about it.
_NAMELESS = ("create", "deletecollection")


@dataclass(frozen=True)
class Use:
    """A request that was allowed: who asked, in whose name it counts, for what, when (as the log has it)."""

    identity: Identity
    request: Request
    time: str


def read_events(paths: Iterable[str]) -> Iterator[Mapping[str, Any] | None]:
    """The events of files, None for a line that is none. Files that end in .gz are unpacked.

    Raises K8sError where a file cannot be read.
    """
    for path in paths:
        try:
            opener: Any = gzip.open if path.endswith(".gz") else open
            with opener(path, "rb") as file:
                yield from _events(file)
        except (OSError, EOFError) as exc:
            raise K8sError(f"audit_log: {path} cannot be read: {getattr(exc, 'strerror', None) or exc}") from exc


def uses_of(event: Mapping[str, Any]) -> Iterator[Use]:
    """What an event shows to have been used: the request in the name of whom it counts for, and the impersonation."""
    if event.get("stage") == _TOO_EARLY or _refused(event):
        return
    request = _request(event)
    user = event.get("user")
    if request is None or not isinstance(user, Mapping):
        return
    time = str(event.get("requestReceivedTimestamp") or "")
    other = event.get("impersonatedUser")
    if isinstance(other, Mapping):
        yield from (Use(_identity(user), each, time) for each in _impersonations(other))
        user = other
    yield Use(_identity(user), request, time)


def _events(file: IO[bytes]) -> Iterator[Mapping[str, Any] | None]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            _pass_over(file)
            yield None
        elif line.strip():
            yield _event(line)


def _pass_over(file: IO[bytes]) -> None:
    """Read on to the end of the line."""
    while rest := file.readline(LONGEST_LINE):
        if rest.endswith(b"\n"):
            return


def _event(line: bytes) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, Mapping) and isinstance(event.get("verb"), str) else None


def _refused(event: Mapping[str, Any]) -> bool:
    decision = (event.get("annotations") or {}).get("authorization.k8s.io/decision")
    if decision:
        return bool(decision != "allow")
    return (event.get("responseStatus") or {}).get("code") in (401, 403)


def _identity(user: Mapping[str, Any]) -> Identity:
    return Identity(str(user.get("username") or ""), frozenset(str(group) for group in user.get("groups") or ()))


def _request(event: Mapping[str, Any]) -> Request | None:
    verb, ref = event["verb"], event.get("objectRef")
    if not isinstance(ref, Mapping) or not ref.get("resource"):
        uri = event.get("requestURI")
        return Request(verb, path=uri.partition("?")[0]) if isinstance(uri, str) else None
    texts = [str(ref.get(key) or "") for key in ("resource", "apiGroup", "subresource", "name", "namespace")]
    resource, group, subresource, name, namespace = texts
    if verb in _NAMELESS and not subresource:
        name = ""
    return Request(verb, resource, group, subresource, name, namespace)


def _impersonations(other: Mapping[str, Any]) -> Iterator[Request]:
    """What the API server asks before it lets somebody act as another."""
    account = service_account_of(str(other.get("username") or ""))
    if account:
        yield Request("impersonate", f"{SERVICE_ACCOUNT.lower()}s", name=account.name, namespace=account.namespace)
    else:
        yield Request("impersonate", "users", name=str(other.get("username") or ""))
    for group in other.get("groups") or ():
        yield Request("impersonate", f"{GROUP.lower()}s", name=str(group))
    for key, values in (other.get("extra") or {}).items():
        for value in values or ():
            yield Request("impersonate", "userextras", _AUTHENTICATION, str(key), str(value))

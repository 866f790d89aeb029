# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client certificate says: for whom, from whom, and until when (RFC 5280). Nothing here verifies a signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import der
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
COMMON_NAME, ORGANIZATION = "2.5.4.3", "2.5.4.10"


@dataclass(frozen=True)
class Certificate:
    """A client certificate as Kubernetes reads it: the common name is the user, organizations are its groups."""

    user: str
    groups: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    fingerprint: str
    public_key: bytes

    def described(self) -> dict[str, Any]:
        """What may be shown of it."""
        return {
            "user": self.user,
            "groups": list(self.groups),
            "issuer": self.issuer,
            "not_before": stamp(self.not_before),
            "not_after": stamp(self.not_after),
            "fingerprint": self.fingerprint,
        }


def stamp(moment: datetime) -> str:
    """A moment as the API writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def certificate_from(pem: str) -> Certificate:
    """The first certificate of a PEM text. Raises K8sError."""
    found = _PEM.search(pem)
    if found is None:
        raise K8sError("there is no PEM certificate")
    try:
        return _read(base64.b64decode("".join(found.group(1).split()), validate=True))
    except (binascii.Error, IndexError, ValueError) as exc:
        raise K8sError("the certificate cannot be read: it is no X.509 certificate, or damaged") from exc


def _read(data: bytes) -> Certificate:
    [whole] = der.elements(data)
    fields = [field for field in whole.children()[0].children() if field.tag != der.EXPLICIT_0]
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    issuer, validity, subject, key = fields[2:6]
    start, end = (_moment(each) for each in validity.children())
    names = _attributes(subject)
    return Certificate(
        user=(names.get(COMMON_NAME) or [""])[0],
        groups=tuple(names.get(ORGANIZATION) or ()),
        issuer=(_attributes(issuer).get(COMMON_NAME) or [""])[0],
        not_before=start,
        not_after=end,
        fingerprint=hashlib.sha256(data).hexdigest(),
        public_key=key.whole,
    )


def _attributes(name: der.Element) -> Mapping[str, list[str]]:
    """The values of a distinguished name, by the identifiers that are of use here."""
    known = {der.oid(dotted): dotted for dotted in (COMMON_NAME, ORGANIZATION)}
    found: dict[str, list[str]] = {}
    for relative in name.children():
        for attribute in relative.children():
            kind, value = attribute.children()
            if kind.whole in known:
                found.setdefault(known[kind.whole], []).append(value.content.decode("utf-8", "replace"))
    return found


def _moment(element: der.Element) -> datetime:
    text = element.content.decode("ascii")
    if element.tag == der.UTC_TIME:
        # Two digits of a year: 50 and above are of the last century.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif element.tag != der.GENERALIZED_TIME:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)

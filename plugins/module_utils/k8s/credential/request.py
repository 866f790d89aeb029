# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate request (PKCS 10, RFC 2986) for a user of Kubernetes and its groups."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterable

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import der
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import (
    COMMON_NAME,
    ORGANIZATION,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.keys import KeyMaker

_ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"


def certificate_request(keys: KeyMaker, private: str, user: str, groups: Iterable[str]) -> str:
    """The request as PEM, signed with the private key. Raises K8sError where the key cannot sign."""
    information = der.encode(
        der.SEQUENCE,
        der.encode(der.INTEGER, b"\x00"),
        _name(user, groups),
        keys.public_key(private),
        der.encode(der.EXPLICIT_0),
    )
    request = der.encode(
        der.SEQUENCE,
        information,
        der.encode(der.SEQUENCE, der.oid(_ECDSA_WITH_SHA256)),
        der.encode(der.BIT_STRING, b"\x00", keys.sign(private, information)),
    )
    return _pem(request)


def _name(user: str, groups: Iterable[str]) -> bytes:
    rows = [(ORGANIZATION, group) for group in groups] + [(COMMON_NAME, user)]
    return der.encode(der.SEQUENCE, *(_attribute(kind, value) for kind, value in rows))


def _attribute(kind: str, value: str) -> bytes:
    pair = der.encode(der.SEQUENCE, der.oid(kind), der.encode(der.UTF8_STRING, value.encode()))
    return der.encode(der.SET, pair)


def _pem(data: bytes) -> str:
    lines = textwrap.wrap(base64.b64encode(data).decode(), 64)
    return "\n".join(["-----BEGIN CERTIFICATE REQUEST-----", *lines, "-----END CERTIFICATE REQUEST-----", ""])

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that are used, unused, or in a place where they should not be."""

from __future__ import annotations

import base64

from tests.lab.kubernetes.cast.members import Member, labelled
from tests.lab.kubernetes.cast.namespaces import WORKSHOP

_PREFIX = "k8s.secret."
_TOKEN = "kubernetes.io/service-account-token"
_COPY = "kubectl.kubernetes.io/last-applied-configuration"
_DATA = {"login": base64.b64encode(b"correct-horse-battery-staple").decode()}


def _secret(name: str, fails: tuple[str, ...], **annotations: str) -> Member:
    made = labelled("Secret", name, WORKSHOP, type="Opaque", data=_DATA, annotations=annotations)
    return Member("Secret", name, WORKSHOP, (made,), fails, _PREFIX)


def _token(name: str, account: str, fails: tuple[str, ...]) -> Member:
    annotations = {"kubernetes.io/service-account.name": account}
    made = labelled("Secret", name, WORKSHOP, type=_TOKEN, annotations=annotations)
    return Member("Secret", name, WORKSHOP, (made,), fails, _PREFIX)


SECRETS: tuple[Member, ...] = (
    _secret("used-by-mount", ()),
    _secret("used-by-env", ()),
    _secret("used-by-nobody", ("unused",)),
    _secret("copied", ("unused", "copied_into_annotation"), **{_COPY: "{}"}),
    _token("token-by-hand", "workshop", ("long_lived_token",)),
)

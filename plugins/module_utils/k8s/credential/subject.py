# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a credential may be for: names that are possible, and names that give too much."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

CERTIFICATE, TOKEN, TOKEN_SECRET = "client_certificate", "token", "token_secret"
# X.520 gives the names in a certificate 64 characters; the API server would take more, other readers would not.
_LONGEST_NAME = 64
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_SHOWN = 60
# The group that every login has, and which gives nothing that the certificate would not give by itself.
_HARMLESS = "system:authenticated"
# kubeadm's own administrators, from 1.29.
_PRIVILEGED = ("kubeadm:cluster-admins",)


def check_subject(params: Mapping[str, Any]) -> None:
    """Raise K8sError where the names that were given are no names, or give more than was agreed to.

    Whoever is revoked may have any name: that of a certificate's limits is not everybody's.
    """
    if params["state"] == "present":
        for option, name in [("user", params.get("user")), *(("groups", each) for each in params.get("groups") or ())]:
            if name is not None:
                _check_certificate_name(option, name)
    for option, longest in (("service_account", 253), ("namespace", 63), ("secret_name", 253)):
        if params.get(option) is not None:
            _check_object_name(option, params[option], longest)
    if params["state"] == "present" and not params.get("allow_privileged_groups"):
        _refuse_privileged(params.get("user"), params.get("groups") or ())


def _check_certificate_name(option: str, name: str) -> None:
    if not name.strip():
        raise K8sError(f"{option}: a name must not be empty")
    if not name.isprintable():
        raise K8sError(f"{option}: {_shown(name)} holds control characters, which no name may have")
    if len(name) > _LONGEST_NAME:
        raise K8sError(
            f"{option}: {_shown(name)} has {len(name)} characters; a name in a certificate has {_LONGEST_NAME} at most"
        )


def _check_object_name(option: str, name: str, longest: int) -> None:
    if len(name) > longest or not _OBJECT_NAME.fullmatch(name):
        raise K8sError(f"{option}: {_shown(name)} is no name of an object: lower-case letters, digits, - and .")


def _refuse_privileged(user: str | None, groups: Any) -> None:
    found = [name for name in groups if name in _PRIVILEGED or (name.startswith("system:") and name != _HARMLESS)]
    if found:
        raise K8sError(
            f"groups: {found[0]} is a group of the cluster itself, whose members no RBAC rule of yours limits;"
            " set allow_privileged_groups where that is meant"
        )
    if user is not None and user.startswith("system:"):
        raise K8sError(
            f"user: {_shown(user)} is a name of the cluster's own components;"
            " set allow_privileged_groups where that is meant"
        )


def _shown(name: str) -> str:
    text = repr(name)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

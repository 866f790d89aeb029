# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and bindings in few words, for the tests of this folder."""

from __future__ import annotations

from typing import Any


def rule(verbs: str, resources: str, group: str = "", names: str = "") -> dict[str, list[str]]:
    """A rule; several verbs, resources and names are separated by commas."""
    made = {"verbs": verbs.split(","), "apiGroups": group.split(","), "resources": resources.split(",")}
    return {**made, "resourceNames": names.split(",")} if names else made


def role(name: str, *rules: dict[str, list[str]], namespace: str = "", **fields: Any) -> dict[str, Any]:
    """A ClusterRole, or with a namespace a Role."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"kind": "Role" if namespace else "ClusterRole", "metadata": metadata, "rules": list(rules), **fields}


def binding(name: str, to: str, *subjects: str, namespace: str = "") -> dict[str, Any]:
    """A ClusterRoleBinding, or with a namespace a RoleBinding, to `ClusterRole/x` or `Role/x`.

    Subjects are `User:x`, `Group:x` and `ServiceAccount:namespace/x`.
    """
    kind, _slash, ref = to.partition("/")
    return {
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": ref},
        "subjects": [_subject(text) for text in subjects],
    }


def account(name: str, namespace: str, **fields: Any) -> dict[str, Any]:
    """A ServiceAccount."""
    return {"kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}, **fields}


def _subject(text: str) -> dict[str, str]:
    kind, _colon, name = text.partition(":")
    if kind != "ServiceAccount":
        return {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"}
    namespace, _slash, account_name = name.rpartition("/")
    return {"kind": kind, "name": account_name, **({"namespace": namespace} if namespace else {})}

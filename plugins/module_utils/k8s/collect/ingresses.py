# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ingresses as far as Secrets need them: whose certificate each serves."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.usage import Usage
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus


def add_ingresses(lists: Lists, usage: Usage) -> None:
    """Count the Secrets that Ingresses name as used. Raises K8sError."""
    for item in _ingresses(lists):
        metadata = item.get("metadata") or {}
        namespace, name = str(metadata.get("namespace")), str(metadata.get("name"))
        names = {str(each.get("secretName")) for each in (item.get("spec") or {}).get("tls") or ()} - {"None"}
        usage.add_secrets(namespace, sorted(names), f"Ingress {namespace}/{name}")


def _ingresses(lists: Lists) -> list[dict[str, Any]]:
    version = "v1" if lists.cluster.version.at_least(1, 19) else "v1beta1"
    try:
        return list(lists.objects(f"/apis/networking.k8s.io/{version}/ingresses"))
    except ApiStatus as exc:
        if exc.status != 404:
            raise
        return []

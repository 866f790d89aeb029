# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subjects of scope `namespace`: what each namespace limits, and what lives in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

Facts = dict[str, Any]

_PATH = "/api/v1/namespaces"
# Namespaces that a cluster brings along.
SYSTEM = frozenset(("kube-system", "kube-public", "kube-node-lease"))


def list_namespaces(lists: Lists) -> list[Facts]:
    """The wanted Namespace objects, whole: those that were named one by one, for their user may not list all.

    Raises K8sError, also for a name that no namespace has.
    """
    only = lists.namespaces.only
    found = [_named(lists, name) for name in only] if only else list(lists.cluster_objects(_PATH))
    return [item for item in found if lists.namespaces.has(str(_name(item)))]


def _named(lists: Lists, name: str) -> Facts:
    try:
        found: Facts = lists.cluster.get(f"{_PATH}/{quote(name, safe='')}")
    except ApiStatus as exc:
        if exc.status == 404:
            raise K8sError(f"namespaces: there is no namespace {name!r} in {lists.cluster.address}") from exc
        raise
    return found


def namespace_facts(namespace: Mapping[str, Any], workloads: Mapping[str, int]) -> Facts:
    """{subject, labels, system, phase, workloads}: `workloads` is how many there are in it."""
    name = str(_name(namespace))
    return {
        "subject": {"kind": "Namespace", "name": name},
        "labels": dict((namespace.get("metadata") or {}).get("labels") or {}),
        "system": name in SYSTEM,
        "phase": str((namespace.get("status") or {}).get("phase") or ""),
        "workloads": workloads.get(name, 0),
    }


def counted(lists: Lists, path: str) -> tuple[dict[str, int], str | None]:
    """How many objects of a kind each namespace has, and why that is not known where it is not."""
    counts: dict[str, int] = {}
    try:
        for item in lists.metadata(path):
            namespace = str((item.get("metadata") or {}).get("namespace"))
            counts[namespace] = counts.get(namespace, 0) + 1
    except ApiStatus as exc:
        return {}, str(exc)
    return counts, None


def _name(namespace: Mapping[str, Any]) -> object:
    return (namespace.get("metadata") or {}).get("name")

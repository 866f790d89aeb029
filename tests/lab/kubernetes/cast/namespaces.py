# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces of every kind: labelled or not, covered by network policies or not."""

from __future__ import annotations

from typing import Any

from tests.lab.kubernetes.cast.members import Member, labelled

WORKSHOP = "cast-workshop"
"""Where the workloads are: its policies cover every pod, both ways, so that no finding there is about the network."""
SHOP = "cast-shop"
"""Where a policy covers one of two workloads, in one direction."""
FAULTY = "cast-policies"
"""Where the network policies do not do what they seem to."""

_ENFORCE = "pod-security.kubernetes.io/enforce"
_PREFIX = "k8s.namespace."
_NO_DEFAULT = ("default_deny_ingress", "default_deny_egress")
_UNCOVERED = ("network_policy", *_NO_DEFAULT)


def _namespace(name: str, fails: tuple[str, ...], *more: dict[str, Any], level: str = "") -> Member:
    labels = {_ENFORCE: level} if level else {}
    return Member("Namespace", name, "", (labelled("Namespace", name, labels=labels), *more), fails, _PREFIX)


def _quota(namespace: str) -> dict[str, Any]:
    return labelled("ResourceQuota", "quota", namespace, spec={"hard": {"pods": "200"}})


NAMESPACES: tuple[Member, ...] = (
    _namespace(WORKSHOP, (), _quota(WORKSHOP), level="privileged"),
    # Nothing runs in these yet, and nothing would keep from the network what will.
    _namespace("cast-unlabelled", _UNCOVERED),
    _namespace("cast-baseline", _UNCOVERED, level="baseline"),
    _namespace("cast-restricted", _UNCOVERED, level="restricted"),
    # Policies that cover some pods, or one direction.
    _namespace(SHOP, _NO_DEFAULT, _quota(SHOP), level="restricted"),
    _namespace(FAULTY, _NO_DEFAULT, _quota(FAULTY), level="restricted"),
    _namespace("cast-open", _UNCOVERED, _quota("cast-open"), level="restricted"),
)

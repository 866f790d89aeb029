# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of making."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.order import (
    CRDS,
    NAMESPACES,
    WAVES,
    wave,
)

_RBAC = "rbac.authorization.k8s.io"
_HOOKS = "admissionregistration.k8s.io"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("", "Namespace"), ("apiextensions.k8s.io", "CustomResourceDefinition")),
        (("apiextensions.k8s.io", "CustomResourceDefinition"), ("example.com", "Widget")),
        (("", "ServiceAccount"), ("", "Pod")),
        (("", "ConfigMap"), ("apps", "Deployment")),
        ((_RBAC, "Role"), (_RBAC, "RoleBinding")),
        ((_RBAC, "RoleBinding"), ("apps", "Deployment")),
        ((_HOOKS, "ValidatingAdmissionPolicy"), (_HOOKS, "ValidatingAdmissionPolicyBinding")),
        (("apps", "Deployment"), (_HOOKS, "ValidatingWebhookConfiguration")),
    ],
)
def test_what_is_needed_comes_before_what_needs_it(first: tuple[str, str], second: tuple[str, str]) -> None:
    """In a wave of its own."""
    assert wave(*first) < wave(*second)


def test_the_waves_are_complete() -> None:
    """Every kind has one, known or not."""
    assert wave("", "Namespace") == NAMESPACES
    assert wave("apiextensions.k8s.io", "CustomResourceDefinition") == CRDS
    assert wave("example.com", "Anything") in WAVES

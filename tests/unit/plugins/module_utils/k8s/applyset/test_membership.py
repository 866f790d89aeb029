# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ApplySet convention."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import (
    EMPTY,
    Parent,
    Scope,
    recorded_scope,
    scope_of,
    up_to_date,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_PARENT = Parent("my-set", "team")
_SCOPE = Scope(frozenset({("", "Secret"), ("apps", "Deployment")}), frozenset({"team", "b", "a"}))


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_the_id_is_that_of_the_convention(kind: str) -> None:
    """Name, namespace, kind and group, hashed; a label can hold it."""
    identity = Parent("my-set", "team", kind).id
    digest = hashlib.sha256(f"my-set.team.{kind}.".encode()).digest()
    assert identity == f"applyset-{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}-v1"
    assert len(identity) <= 63


def test_what_a_parent_says_is_read_back() -> None:
    """Sorted, so that equal scopes are equal texts; without its own namespace."""
    body = _PARENT.body(_SCOPE)
    annotations = body["metadata"]["annotations"]
    assert annotations["applyset.kubernetes.io/contains-group-kinds"] == "Deployment.apps,Secret"
    assert annotations["applyset.kubernetes.io/additional-namespaces"] == "a,b"
    assert recorded_scope(_PARENT, body) == _SCOPE
    assert up_to_date(_PARENT, body, _SCOPE)
    assert not up_to_date(_PARENT, body, EMPTY)
    assert not up_to_date(_PARENT, None, EMPTY)
    assert recorded_scope(_PARENT, None) == EMPTY


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "is no parent of a set"),
        ({"annotations": {"applyset.kubernetes.io/tooling": "kubectl/v1.30"}}, "kubectl manages"),
        ({"annotations": {"applyset.kubernetes.io/tooling": "bulkhead.container_security/v1"}}, "id of another set"),
    ],
)
def test_a_parent_that_is_not_ours_is_refused(metadata: dict[str, Any], message: str) -> None:
    """Another object, another tool's, another set's."""
    with pytest.raises(K8sError, match=message):
        recorded_scope(_PARENT, {"metadata": metadata})


def test_objects_of_the_cluster_have_no_namespace() -> None:
    """Only kinds then."""
    assert scope_of([("", "Namespace", ""), ("", "Secret", "a")]) == Scope(
        frozenset({("", "Namespace"), ("", "Secret")}), frozenset({"a"})
    )

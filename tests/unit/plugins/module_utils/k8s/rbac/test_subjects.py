# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a request comes from."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    Subject,
    identity_of,
    implied_groups,
    subject_from,
)


@pytest.mark.parametrize(
    ("username", "groups"),
    [
        ("alice", {"system:authenticated"}),
        ("system:anonymous", {"system:unauthenticated"}),
        (
            "system:serviceaccount:ci:deployer",
            {"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:ci"},
        ),
        ("system:serviceaccount:ci", {"system:authenticated"}),
    ],
)
def test_groups_that_the_server_adds(username: str, groups: set[str]) -> None:
    assert implied_groups(username) == groups


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("alice", Subject("User", "alice")),
        ("User:alice", Subject("User", "alice")),
        ("Group:devs", Subject("Group", "devs")),
        ("Group:system:serviceaccounts:ci", Subject("Group", "system:serviceaccounts:ci")),
        ("ServiceAccount:ci/deployer", Subject("ServiceAccount", "deployer", "ci")),
        ("system:serviceaccount:ci:deployer", Subject("ServiceAccount", "deployer", "ci")),
        ("User:system:serviceaccount:ci:deployer", Subject("ServiceAccount", "deployer", "ci")),
        ("system:kube-scheduler", Subject("User", "system:kube-scheduler")),
    ],
)
def test_a_subject_in_words(text: str, subject: Subject) -> None:
    assert subject_from(text) == subject


@pytest.mark.parametrize("text", ["ServiceAccount:deployer", "ServiceAccount:/x", "ServiceAccount:ci/"])
def test_a_service_account_needs_its_namespace(text: str) -> None:
    with pytest.raises(K8sError, match="names no namespace"):
        subject_from(text)


def test_identity_of_a_group_is_an_unknown_member() -> None:
    identity = identity_of(Subject("Group", "devs"))
    assert (identity.username, set(identity.groups)) == ("", {"devs", "system:authenticated"})
    accounts = identity_of(Subject("Group", "system:serviceaccounts:ci")).groups
    assert accounts == {"system:serviceaccounts:ci", "system:serviceaccounts", "system:authenticated"}
    assert identity_of(Subject("Group", "system:unauthenticated")).groups == {"system:unauthenticated"}


def test_groups_of_a_certificate_are_added() -> None:
    assert identity_of(Subject("User", "alice"), ["devs"]).groups == {"devs", "system:authenticated"}

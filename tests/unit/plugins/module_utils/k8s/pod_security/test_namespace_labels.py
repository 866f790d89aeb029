# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the labels of a namespace ask for, as the API server reads them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.namespace_labels import (
    LevelVersion,
    NamespacePolicy,
    policy_of,
)


def policy(**labels: Any) -> NamespacePolicy:
    return policy_of({f"pod-security.kubernetes.io/{name.replace('_', '-')}": value for name, value in labels.items()})


def test_without_labels_everything_is_privileged() -> None:
    assert policy_of(None) == policy_of({"team": "a"}) == NamespacePolicy()


def test_each_mode_has_its_level_and_version() -> None:
    found = policy(enforce="baseline", enforce_version="v1.27", audit="restricted", warn="privileged")
    assert found.enforce == LevelVersion("baseline", "v1.27")
    assert found.audit == LevelVersion("restricted", "latest")
    assert found.warn == LevelVersion("privileged", "latest")
    assert found.faults == ()


@pytest.mark.parametrize(
    ("labels", "warn"),
    [
        ({"enforce": "baseline", "enforce_version": "v1.25"}, LevelVersion("baseline", "v1.25")),
        (
            {"enforce": "baseline", "enforce_version": "v1.25", "warn_version": "v1.30"},
            LevelVersion("baseline", "v1.30"),
        ),
        ({"enforce": "baseline", "warn": "privileged"}, LevelVersion("privileged", "latest")),
        ({"enforce": "privileged"}, LevelVersion("privileged", "latest")),
        ({"enforce": "nonsense"}, LevelVersion("privileged", "latest")),
    ],
)
def test_what_is_enforced_is_warned_of_unless_said_otherwise(labels: dict[str, str], warn: LevelVersion) -> None:
    assert policy(**labels).warn == warn


def test_a_stricter_default_of_warnings_stays() -> None:
    defaults = NamespacePolicy(warn=LevelVersion("restricted", "v1.30"))
    found = policy_of({"pod-security.kubernetes.io/enforce": "baseline"}, defaults)
    assert found.warn == LevelVersion("restricted", "v1.30")


def test_what_cannot_be_read_is_enforced_strictly_and_warned_of_not_at_all() -> None:
    found = policy(enforce="strict", audit="strict", warn="strict", enforce_version="1.27")
    assert found.enforce == LevelVersion("restricted", "latest")
    assert (found.audit.level, found.warn.level) == ("privileged", "privileged")
    assert len(found.faults) == 4
    assert "enforce-version: '1.27' is neither latest" in found.faults[1]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may not be read takes with it what depends on it, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.snapshot import Wanted, collect
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import PATHS
from tests.unit.listed_cluster import ListedCluster

_ROLE = {"metadata": {"name": "reader"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}]}
_BINDING = {
    "metadata": {"name": "readers"},
    "roleRef": {"kind": "ClusterRole", "name": "reader"},
    "subjects": [{"kind": "User", "name": "eve"}],
}
_GRANTED: dict[str, Any] = {
    **{path: [] for path in PATHS.values()},
    PATHS["ClusterRole"]: [_ROLE],
    PATHS["ClusterRoleBinding"]: [_BINDING],
}
_SCOPES = frozenset(("access", "role", "binding", "service_account"))


def collected(**refused: int) -> dict[str, Any]:
    cluster: Any = ListedCluster({**_GRANTED, **{PATHS[kind]: status for kind, status in refused.items()}})
    return collect(cluster, Wanted(scopes=_SCOPES))


def test_who_may_do_what_is_told_without_the_service_accounts() -> None:
    snapshot = collected(ServiceAccount=403)
    assert set(snapshot["errors"]) == {"service_account"}
    assert [each["subject"]["name"] for each in snapshot["subjects"]["access"]] == ["eve"]


@pytest.mark.parametrize("refused", [{"Role": 403}, {"ServiceAccount": 500}, {"Role": 403, "ServiceAccount": 403}])
def test_roles_that_may_not_be_read_leave_nothing_to_tell(refused: dict[str, int]) -> None:
    snapshot = collected(**refused)
    assert set(snapshot["errors"]) == _SCOPES
    assert "access" not in snapshot["subjects"]

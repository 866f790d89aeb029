# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has set the one field of a default ServiceAccount."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.default_account import (
    mounts,
    owned_by,
)


def _account(value: bool | None, manager: str = "", operation: str = "Apply") -> dict[str, Any]:
    fields: dict[str, Any] = {"f:automountServiceAccountToken": {}}
    entry = {"manager": manager, "operation": operation, "fieldsV1": fields}
    account: dict[str, Any] = {"metadata": {"managedFields": [entry] if manager else None}}
    return account if value is None else {**account, "automountServiceAccountToken": value}


@pytest.mark.parametrize(
    ("account", "mounted"), [(_account(None), True), (_account(True), True), (_account(False), False), ({}, True)]
)
def test_whether_the_token_is_mounted(account: dict[str, Any], mounted: bool) -> None:
    assert mounts(account) is mounted


@pytest.mark.parametrize(
    ("account", "ours"),
    [
        (_account(False, "mine"), True),
        (_account(False, "mine", "Update"), False),
        (_account(False, "other"), False),
        (_account(False), False),
        ({}, False),
    ],
)
def test_who_owns_the_field(account: dict[str, Any], ours: bool) -> None:
    assert owned_by(account, "mine") is ours

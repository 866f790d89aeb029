# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of each role fails by its mode and by its owner, and only where it is there."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_files import (
    CONTROL_PLANE_FILE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_node_files import (
    NODE_FILE_CONTROLS,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing

CONTROLS = (*CONTROL_PLANE_FILE_CONTROLS, *NODE_FILE_CONTROLS)
# By role: the loosest mode that is kept, a mode that is too loose, and the owner.
ROLES: dict[str, tuple[str, str, str]] = {
    **dict.fromkeys(
        (
            *("api_server_manifest", "controller_manager_manifest", "scheduler_manifest", "etcd_manifest", "cni"),
            *("admin_kubeconfig", "scheduler_kubeconfig", "controller_manager_kubeconfig", "pki_key"),
            *("kubelet_service", "proxy_kubeconfig", "kubelet_kubeconfig", "kubelet_config"),
        ),
        ("0600", "0640", "root:root"),
    ),
    **dict.fromkeys(("pki_certificate", "client_authority"), ("0644", "0664", "root:root")),
    "etcd_data": ("0700", "0710", "etcd:etcd"),
}


@pytest.mark.parametrize("role", ROLES)
def test_mode_and_owner(role: str) -> None:
    kept, loose, owner = ROLES[role]
    facts = {"role": role, "exists": True, "mode": kept, "ownership": owner}
    owner_control = "pki_owner" if role.startswith("pki") else f"{role}_owner"
    assert failing(CONTROLS, "file", facts) == set()
    assert failing(CONTROLS, "file", {**facts, "mode": loose}) == {f"{role}_mode"}
    assert failing(CONTROLS, "file", {**facts, "ownership": "nobody:root"}) == {owner_control}
    assert failing(CONTROLS, "file", {"role": role, "exists": False}) == set()


def test_a_folder_of_keys_belongs_to_root_and_may_be_entered() -> None:
    folder = {"role": "pki", "exists": True, "mode": "0755"}
    assert failing(CONTROLS, "file", {**folder, "ownership": "root:root"}) == set()
    assert failing(CONTROLS, "file", {**folder, "ownership": "nobody:root"}) == {"pki_owner"}


def test_every_control_is_tried() -> None:
    tried = {f"{role}_{part}" for role in ROLES for part in ("mode", "owner")} - {
        "pki_key_owner",
        "pki_certificate_owner",
    }
    assert {control.id.rpartition(".")[2] for control in CONTROLS} == {*tried, "pki_owner"}

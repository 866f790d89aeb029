# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client under test, connected to a cluster of the lab."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    connect,
    connection_argument_spec,
)


def our_client(kubeconfig: Path) -> Cluster:
    """Connected as a module would connect that was given this kubeconfig and nothing else."""
    parameters = {name: option.get("default") for name, option in connection_argument_spec().items()}
    return connect({**parameters, "kubeconfig": str(kubeconfig)})

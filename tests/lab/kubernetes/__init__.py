# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Kubernetes: real etcd and API server, and with them, where asked, controllers and a node.

with Kubernetes("ctl") as k8s:
    k8s.kubectl("get", "namespaces")
"""

from __future__ import annotations

from tests.lab.kubernetes.cluster import Kubernetes

__all__ = ["Kubernetes"]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster says of itself, and what is none."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.modules.k8s_cluster_info import cluster_facts
from tests.unit.scripted_api import Reply, scripted


def test_facts() -> None:
    groups = {"groups": [{"versions": [{"groupVersion": "policy/v1"}, {"groupVersion": "apps/v1"}]}]}
    version = {"major": "1", "minor": "29+", "gitVersion": "v1.29.3-eks"}
    with scripted(Reply(body=version), Reply(body=groups), Reply(body={"metadata": {"uid": "u"}})) as api:
        assert cluster_facts(api.cluster()) == {
            "version": {"major": 1, "minor": 29, "git": "v1.29.3-eks"},
            "uid": "u",
            "api_versions": ["v1", "apps/v1", "policy/v1"],
        }


def test_what_is_no_cluster() -> None:
    with scripted(Reply(body={})) as api, pytest.raises(K8sError, match="is no Kubernetes API server"):
        cluster_facts(api.cluster())

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who this run is, by what the server or the credential says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.identity import own_names
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.plugins.module_utils.k8s.credential.certificates import certificate, token
from tests.unit.scripted_api import Reply, scripted


def version(minor: int) -> Reply:
    return Reply(200, {"major": "1", "minor": str(minor), "gitVersion": f"v1.{minor}.0"})


def test_a_server_that_tells() -> None:
    review = Reply(201, {"status": {"userInfo": {"username": "ada"}}})
    with scripted(version(28), review) as api:
        assert own_names(api.cluster(), {"impersonate_user": "eve"}) == {"ada", "eve"}


def test_a_server_that_will_not_tell_stops_it() -> None:
    with scripted(version(30), Reply(403)) as api, pytest.raises(K8sError, match="might revoke itself"):
        own_names(api.cluster(), {})


def test_an_older_server_and_the_credential_itself(tmp_path: Path) -> None:
    certificate(tmp_path, "/O=x/CN=ada")
    files = {"client_cert": str(tmp_path / "made.crt"), "client_key": str(tmp_path / "made.key")}
    with scripted(version(20)) as api:
        assert own_names(api.cluster(**files), {}) == {"ada"}
        assert own_names(api.cluster(api_key=token(sub="robot")), {}) == {"robot"}
        with pytest.raises(K8sError, match="nobody revokes themselves"):
            own_names(api.cluster(api_key="opaque"), {})

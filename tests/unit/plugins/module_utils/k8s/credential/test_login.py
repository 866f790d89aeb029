# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A login: whom the server knows, whom it does not, and that a new token gets a moment."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import Held
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.login import lets_in
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from tests.unit.scripted_api import Reply, parameters, scripted


@pytest.mark.parametrize(
    ("replies", "wait", "verdict"),
    [
        ([Reply(201)], 0.0, True),
        ([Reply(403)], 0.0, True),
        ([Reply(401)], 0.0, False),
        ([Reply(401), Reply(401), Reply(201)], 30.0, True),
    ],
)
def test_verdict(replies: list[Reply], wait: float, verdict: bool) -> None:
    with scripted(*replies) as api:
        cluster = api.cluster(api_key="administrator")
        assert lets_in(cluster, parameters(), Held(token="another"), wait) is verdict
        assert {value for seen in api.seen for value in seen.header("Authorization")} == {"Bearer another"}


def test_a_server_in_trouble_is_no_verdict() -> None:
    with scripted(Reply(500)) as api, pytest.raises(ApiStatus):
        lets_in(api.cluster(), parameters(), Held(token="another"))

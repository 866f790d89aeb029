# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The five services: how each is started."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import (
    SERVICES,
    environment,
    speaks_tls,
    start_command,
)
from tests.unit.anchore_declaration import declared


def test_each_is_started_under_the_name_that_the_engine_knows() -> None:
    started = [start_command(each)[-1] for each in SERVICES]
    assert started == ["apiext", "catalog", "simplequeue", "analyzer", "policy_engine"]
    assert [each.component for each in SERVICES if "--no-auto-upgrade" not in start_command(each)] == ["catalog"]


def test_the_client_in_the_image_speaks_what_the_service_speaks() -> None:
    api, catalog = SERVICES[:2]
    assert environment(api, declared())["ANCHORE_CLI_URL"] == "https://localhost:8228/v1"
    assert environment(catalog, declared())["ANCHORE_CLI_URL"] == "http://localhost:8082/v1"
    assert speaks_tls(catalog, declared(internal_tls=True))
    assert not speaks_tls(api, declared(tls=False))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of services: which volumes they write to, and where certificates come from."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.pod import (
    certificates_secret,
    engine_pod,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import (
    SERVICES,
    Service,
)
from tests.unit.anchore_declaration import declared


@pytest.mark.parametrize("service", SERVICES)
def test_every_folder_that_the_engine_writes_to_is_there(service: Service) -> None:
    pod = engine_pod(service, declared(), labels={}, digest="x")
    [container] = pod["spec"]["containers"]
    sources = {each["name"]: each for each in pod["spec"]["volumes"]}
    writable = {each["mountPath"] for each in container["volumeMounts"] if "emptyDir" in sources[each["name"]]}
    folders = {"/tmp", "/var/log/anchore", "/var/run/anchore", "/analysis_scratch", "/anchore_service"}
    assert folders <= writable
    rest = [each for each in container["volumeMounts"] if each["mountPath"] not in writable]
    assert all(each["readOnly"] for each in rest)


def test_every_pod_has_a_name_of_its_own_for_the_engine() -> None:
    [container] = engine_pod(SERVICES[3], declared(), labels={}, digest="x")["spec"]["containers"]
    variables = {each["name"]: each for each in container["env"]}
    assert variables["ANCHORE_HOST_ID"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    assert variables["ANCHORE_ENV_FILE"]["value"] == "/run/secrets/anchore/anchore.env"
    assert not [name for name in variables if "PASSWORD" in name]


def test_certificates_are_given_or_made_or_there_are_none() -> None:
    assert certificates_secret(declared()) == "anchore-tls"
    assert certificates_secret(declared(tls_secret="mine")) == "mine"
    assert certificates_secret(declared(files={})) == ""

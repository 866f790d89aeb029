# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What starts PostgreSQL: the password is nowhere but in its file."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.database import (
    claim,
    database_pod,
    environment,
    start_command,
)
from tests.unit.anchore_declaration import declared


def test_the_password_is_in_no_variable_and_in_no_command() -> None:
    variables = environment(declared())
    assert "POSTGRES_PASSWORD" not in variables
    assert variables["POSTGRES_PASSWORD_FILE"] == "/run/secrets/database/password"
    assert "-v ON_ERROR_STOP=1" in start_command()[2]


def test_data_is_on_a_claim_unless_it_may_be_lost() -> None:
    def source(**storage: bool) -> dict[str, object]:
        pod = database_pod(declared(storage=storage), labels={}, digest="x")
        [volume] = [each for each in pod["spec"]["volumes"] if each["name"] == "data"]
        return {key: value for key, value in volume.items() if key != "name"}

    assert source() == {"persistentVolumeClaim": {"claimName": "anchore-db"}}
    assert source(ephemeral=True) == {"emptyDir": {}}


def test_the_claim_has_a_class_where_one_is_declared() -> None:
    assert claim({"size": "5Gi", "class": "fast"})["storageClassName"] == "fast"
    assert "storageClassName" not in claim({"class": ""})
    assert claim({})["resources"]["requests"]["storage"] == "20Gi"

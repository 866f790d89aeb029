# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter clair_objects says what a declaration lacks, and makes two parts."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.clair_objects import FilterModule
from tests.unit.clair_declaration import declared

SECRETS = {
    "stored": {},
    "fresh": {"auth_secret": "a", "db_password": "b", "digest_key": "c"},
    "given": {"psk": "", "db_password": ""},
}


def test_it_makes_two_parts_and_says_what_is_missing() -> None:
    made = FilterModule().filters()["clair_objects"]
    assert [one["kind"] for one in made({**declared(), **SECRETS}, part="kept")] == [
        "Namespace",
        "Secret",
        "PersistentVolumeClaim",
    ]
    assert "Deployment" in [one["kind"] for one in made({**declared(), **SECRETS})]
    with pytest.raises(AnsibleFilterError, match="clair_objects: 'database' is missing"):
        made({})
    with pytest.raises(AnsibleFilterError, match="database_password is needed with database_host"):
        made({**declared(database={"own": False}), **SECRETS})

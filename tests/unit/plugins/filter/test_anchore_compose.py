# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter anchore_compose says what a declaration lacks, and makes two parts."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.anchore_compose import FilterModule, anchore_compose
from tests.unit.anchore_declaration import declared


def test_what_is_missing_or_cannot_be_meant_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="anchore_compose: 'user_id' is missing"):
        anchore_compose({"folder": "/x", "credentials": {}, "database": {}, "files": {}})
    with pytest.raises(AnsibleFilterError, match="anchore_compose: hashed_passwords needs oauth"):
        anchore_compose(declared(hashed_passwords=True))


def test_what_outlives_the_engine_is_a_part_of_its_own() -> None:
    made = FilterModule().filters()["anchore_compose"]
    kept = [one["path"].rpartition("/")[2] for one in made(declared(), part="kept")]
    assert kept == ["anchore", "secrets", "credentials.json"]
    assert not set(kept) - {"Secret"} & {one["path"].rpartition("/")[2] for one in made(declared())}

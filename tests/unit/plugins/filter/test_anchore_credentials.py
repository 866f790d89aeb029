# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter anchore_credentials decides the same each time that it is asked."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.anchore_credentials import FilterModule
from tests.unit.anchore_declaration import KEPT

_INFO = {"stored": KEPT, "fresh": {name: f"fresh-{name}" for name in KEPT}}


def test_before_and_after_the_engine_has_taken_the_next_password() -> None:
    decide = FilterModule().filters()["anchore_credentials"]
    before = decide(_INFO, {"admin_password": ""}, rotate=True)
    assert before == decide(_INFO, rotate=True)
    assert before["admin_password_next"] == "fresh-admin_password"
    after = decide(_INFO, rotate=True, settled=True)
    assert after["admin_password"] == "fresh-admin_password"
    assert "admin_password_next" not in after
    assert decide(_INFO) == KEPT


def test_what_cannot_be_meant_is_told_without_the_secret() -> None:
    decide = FilterModule().filters()["anchore_credentials"]
    with pytest.raises(AnsibleFilterError, match="anchore_credentials: admin_password needs 8") as caught:
        decide(_INFO, {"admin_password": "sh0rt"})
    assert "sh0rt" not in str(caught.value)

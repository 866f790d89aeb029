# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are made once and kept, and a rotation that breaks off loses nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.credentials import (
    NAMES,
    environment_text,
    kept_credentials,
    settled,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)
from tests.unit.anchore_declaration import KEPT

_FRESH = {name: f"fresh-{name}" for name in NAMES}


def _kept(stored: dict[str, str], given: dict[str, str] | None = None, **how: Any) -> dict[str, str]:
    return kept_credentials(stored, _FRESH, given or {}, **{"rotate": False, "own_database": True, **how})


def test_what_is_missing_is_made_and_what_is_there_stays() -> None:
    assert _kept({}) == _FRESH
    assert _kept(KEPT) == KEPT
    assert _kept({"db_password": "old-password"}) == {**_FRESH, "db_password": "old-password"}


def test_a_rotation_keeps_the_old_password_until_the_engine_has_taken_the_next_one() -> None:
    rotating = _kept(KEPT, rotate=True)
    assert rotating["admin_password"] == KEPT["admin_password"]
    assert rotating["admin_password_next"] == "fresh-admin_password"
    assert rotating["db_password"] == "fresh-db_password"
    assert rotating["auth_secret"] == "fresh-auth_secret"
    assert rotating["digest_key"] == KEPT["digest_key"]
    done = settled(rotating)
    assert done["admin_password"] == "fresh-admin_password"
    assert "admin_password_next" not in done
    assert settled(done) == done


def test_a_rotation_that_broke_off_is_finished_with_the_same_password() -> None:
    pending = {**KEPT, "admin_password_next": "it-may-be-in-force"}
    for rotate in (False, True):
        assert _kept(pending, rotate=rotate)["admin_password_next"] == "it-may-be-in-force"
    assert _kept(pending, {"admin_password": "declared-since"})["admin_password_next"] == "it-may-be-in-force"


def test_the_first_password_is_not_a_rotation() -> None:
    assert _kept({}, rotate=True) == _FRESH


def test_a_declared_password_is_brought_as_a_rotation_is() -> None:
    assert _kept({}, {"admin_password": "declared"})["admin_password"] == "declared"
    assert _kept(KEPT, {"admin_password": "declared"})["admin_password_next"] == "declared"
    assert "admin_password_next" not in _kept(KEPT, {"admin_password": KEPT["admin_password"]}, rotate=True)
    assert _kept(KEPT, {"db_password": "declared"}, rotate=True)["db_password"] == "declared"


def test_the_password_of_a_database_elsewhere_is_declared() -> None:
    with pytest.raises(AnchoreDeploymentError, match="database_password is needed with database_host"):
        _kept(KEPT, own_database=False)
    assert _kept(KEPT, {"db_password": "declared"}, own_database=False)["db_password"] == "declared"


@pytest.mark.parametrize(
    "password", ["short", "with blank", 'quo"te-in-it', "quo'te-in-it", "back\\slash", "umläut-in-it", "x" * 129]
)
def test_what_the_engine_could_not_read_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(AnchoreDeploymentError, match="admin_password needs 8 to 128 characters") as caught:
        _kept({}, {"admin_password": password})
    assert password not in str(caught.value)


def test_the_file_of_secrets_has_one_line_each() -> None:
    kept = {**KEPT, "db_password": "a%b@c/d#e"}
    text = environment_text(kept, {"host": "db", "port": 5432, "name": "n", "user": "u"})
    values = dict(line.split("=", 1) for line in text.splitlines())
    assert values["ANCHORE_DB_PASSWORD"] == "a%25b%40c%2Fd%23e"
    assert values["ANCHORE_ADMIN_PASSWORD"] == "ADMIN-PASSWORD"
    assert values["ANCHORE_DB_PORT"] == "5432"

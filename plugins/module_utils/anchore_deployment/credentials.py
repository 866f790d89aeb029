# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of a deployment: made once, kept, and replaced when that is asked for. Pure.

What is kept is a dictionary of texts. `admin_password_next` is a password that may or may not be in force already: it
is kept before the engine is told of it, so that a run that breaks off loses nothing, and the next one finishes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)

NAMES = ("admin_password", "db_password", "auth_secret", "digest_key")
NEXT = "admin_password_next"
# The engine puts them into its configuration as they are, and takes quotes from their ends.
_USABLE = re.compile(r"[!#-&(-\[\]-~]{8,128}")


def kept_credentials(
    stored: Mapping[str, str], fresh: Mapping[str, str], given: Mapping[str, str], *, rotate: bool, own_database: bool
) -> dict[str, str]:
    """What has to be kept from now on.

    stored: what is kept. fresh: new values, for each of NAMES. given: declared values, empty where there is none.
    Raises AnchoreDeploymentError for a password that the engine could not read, or for what cannot be rotated.
    """
    for name, value in given.items():
        if value and not _USABLE.fullmatch(value):
            raise AnchoreDeploymentError(
                f"{name} needs 8 to 128 characters of ASCII without blanks, quotes and backslashes"
            )
    kept = {name: stored.get(name) or given.get(name) or fresh[name] for name in NAMES}
    kept["db_password"] = _database_password(stored, fresh, given, rotate=rotate, own_database=own_database)
    if rotate and stored.get("auth_secret"):
        kept["auth_secret"] = fresh["auth_secret"]
    following = _next_admin_password(stored, fresh, given, rotate=rotate)
    return {**kept, **({NEXT: following} if following else {})}


def _database_password(
    stored: Mapping[str, str], fresh: Mapping[str, str], given: Mapping[str, str], *, rotate: bool, own_database: bool
) -> str:
    if given.get("db_password"):
        return given["db_password"]
    if not own_database:
        raise AnchoreDeploymentError(
            "database_password is needed with database_host: a database of one's own is not for the role to change"
        )
    kept = stored.get("db_password")
    return fresh["db_password"] if rotate or not kept else kept


def _next_admin_password(
    stored: Mapping[str, str], fresh: Mapping[str, str], given: Mapping[str, str], *, rotate: bool
) -> str:
    if stored.get(NEXT):
        return stored[NEXT]
    held, declared = stored.get("admin_password"), given.get("admin_password")
    if not held:
        return ""
    if declared:
        return declared if declared != held else ""
    return fresh["admin_password"] if rotate else ""


def settled(kept: Mapping[str, str]) -> dict[str, str]:
    """What has to be kept once the engine has taken the next password of the administrator."""
    following = {"admin_password": kept[NEXT]} if kept.get(NEXT) else {}
    return {**{name: value for name, value in kept.items() if name != NEXT}, **following}


def environment_text(kept: Mapping[str, str], database: Mapping[str, object]) -> str:
    """The file that the engine reads its secrets from. In a URL, a password is quoted."""
    values = {
        # It counts when the tables are made, and never again.
        "ANCHORE_ADMIN_PASSWORD": kept["admin_password"],
        "ANCHORE_AUTH_SECRET": kept["auth_secret"],
        "ANCHORE_DB_HOST": database["host"],
        "ANCHORE_DB_NAME": database["name"],
        "ANCHORE_DB_PASSWORD": quote(kept["db_password"], safe=""),
        "ANCHORE_DB_PORT": database["port"],
        "ANCHORE_DB_USER": database["user"],
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def restart_digest(kept: Mapping[str, str], *parts: str) -> str:
    """Changes with what a service reads when it starts. Keyed, so that nobody can try out what the secrets are."""
    text = "\0".join([kept["db_password"], kept["auth_secret"], *parts])
    return hmac.new(kept["digest_key"].encode(), text.encode(), hashlib.sha256).hexdigest()[:32]

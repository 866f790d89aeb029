# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""config.toml of Vuls, from what is declared. Pure.

Source: config/ of Vuls 0.2x, whose keys are taken as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.vuls.toml_text import TomlError, toml_text

# Dictionaries by the names of their sections.
DATABASES = ("cveDict", "ovalDict", "gost", "exploit", "metasploit", "kevuln", "cti")
SCAN_MODES = ("fast", "fast-root", "deep", "offline")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
_LOCAL = ("localhost", "127.0.0.1")


class VulsConfigError(ValueError):
    """A declaration that Vuls would not take; the message says which."""


def config_text(declared: Mapping[str, Any]) -> str:
    """The file. Raises VulsConfigError.

    declared: servers by name, default, databases (path or http URL by section), config (more sections).
    """
    document: dict[str, Any] = {name: _database(name, place) for name, place in declared["databases"].items()}
    document["default"] = _server("default", declared["default"])
    servers = declared["servers"]
    if not servers:
        raise VulsConfigError("servers is empty: name what Vuls shall scan")
    document["servers"] = {name: _declared(name, {**declared["default"], **row}, row) for name, row in servers.items()}
    for name, section in declared["config"].items():
        if name in ("servers", "default"):
            raise VulsConfigError(f"config: {name} has an option of its own")
        document[name] = section
    try:
        return toml_text({"version": "v2", **document})
    except TomlError as exc:
        raise VulsConfigError(str(exc)) from None


def _database(name: str, place: str) -> dict[str, str]:
    if name not in DATABASES:
        raise VulsConfigError(f"databases: {name} is none of {', '.join(DATABASES)}")
    if place.startswith(("http://", "https://")):
        return {"type": "http", "url": place}
    if not place.startswith("/"):
        raise VulsConfigError(f"databases: {name} must be an absolute path, or a URL")
    return {"type": "sqlite3", "SQLite3Path": place}


def _declared(name: str, whole: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """A server, looked at with what it has by default."""
    if not _NAME.match(name):
        raise VulsConfigError(f"servers: {name} may have letters, digits, - and _ alone, for it is the name of a file")
    if not whole.get("host") and whole.get("type") != "pseudo":
        raise VulsConfigError(f"servers: {name} needs host")
    remote = whole.get("host") not in _LOCAL and whole.get("type") != "pseudo"
    if remote and not (whole.get("user") and (whole.get("keyPath") or whole.get("sshConfigPath"))):
        raise VulsConfigError(f"servers: {name} needs user, and keyPath or sshConfigPath: Vuls knows no passwords")
    local = {"port": "local"} if whole.get("host") in _LOCAL and "port" not in whole else {}
    return _server(name, {**row, **local})


def _server(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    modes = row.get("scanMode") or []
    wrong = [mode for mode in modes if mode not in SCAN_MODES]
    if wrong:
        raise VulsConfigError(f"{name}: scanMode {wrong[0]} is none of {', '.join(SCAN_MODES)}")
    # Vuls reads a port as text.
    port = {"port": str(row["port"])} if "port" in row else {}
    return {**row, **port}

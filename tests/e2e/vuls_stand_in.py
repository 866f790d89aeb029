# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that stands in for Vuls, which cannot run here: `scan` and `report` with the flags that the role uses, on a
configuration that a TOML library has read. A server called broken cannot be scanned, one called partly has an error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import tomllib

_FLAGS = {
    "scan": ("config", "results-dir", "log-dir", "cachedb-path", "timeout-scan"),
    "report": ("config", "results-dir", "log-dir", "format-json", "to-localfile", "refresh-cve"),
}
_SERVER_KEYS = {"host", "port", "user", "keyPath", "sshConfigPath", "scanMode", "containersIncluded", "ignoreCves"}
_MOMENT = "2026-01-31T12:00:00+01:00"


def main(arguments: list[str]) -> int:
    """Exit codes as of Vuls: 0, 1 for a failure, 2 for a wrong usage."""
    command = arguments[0]
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in _FLAGS[command]:
        is_switch = flag in ("format-json", "to-localfile", "refresh-cve")
        parser.add_argument(f"-{flag}", **({"action": "store_true"} if is_switch else {"required": True}))
    given = vars(parser.parse_args(arguments[1:]))
    config = tomllib.loads(Path(given["config"]).read_text())
    folder = Path(given["results_dir"], _MOMENT)
    return scan(config, folder) if command == "scan" else report(config, folder)


def scan(config: dict[str, Any], folder: Path) -> int:
    """A result of each server."""
    folder.mkdir()
    for name, server in config["servers"].items():
        if set(server) - _SERVER_KEYS or not isinstance(server.get("port", ""), str):
            sys.stderr.write(f"Error loading config: {name}\n")
            return 2
        if name != "broken":
            errors = ["yum cannot be run"] if name == "partly" else []
            result = {
                "jsonVersion": 4, "serverName": name, "container": {"containerID": ""}, "scannedAt": _MOMENT,
                "scannedVersion": "v0.25", "errors": errors, "scannedCves": {},
                "packages": {"openssl": {"name": "openssl", "version": "3.0.1", "release": "2"}},
            }  # fmt: skip
            (folder / f"{name}.json").write_text(json.dumps(result))
    return 0


def report(config: dict[str, Any], folder: Path) -> int:
    """What the dictionaries know goes into the results that have no errors."""
    for section in ("cveDict", "ovalDict"):
        place = config.get(section, {}).get("SQLite3Path", "")
        if place and Path(place).read_text() == "locked":
            sys.stderr.write("SQLite3 is locked. Close other DB connections and try again.\n")
            return 1
    cve = {
        "cveID": "CVE-2024-0001",
        "affectedPackages": [{"name": "openssl", "fixedIn": "3.0.2"}],
        "cveContents": {"nvd": [{"summary": "Reads it.", "cvss3Score": 7.5, "cvss3Severity": "HIGH"}]},
    }
    failed = False
    for file in folder.iterdir():
        result = json.loads(file.read_text())
        if result["errors"]:
            sys.stderr.write(f"Ignored since errors occurred during scanning: {file.stem}\n")
            failed = True
        else:
            file.write_text(json.dumps({**result, "scannedCves": {cve["cveID"]: cve}}))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

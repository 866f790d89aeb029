# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of Grype, whose program no package registry has: it takes the same words and writes the same JSON.

The database is a folder with `known.json`: {package name: [{id, severity, fixed_in, cvss?, aliases?}]}. The program
that `install` writes takes `sbom:FILE --quiet --output json --file FILE` and refuses anything else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_PROGRAM = f"""#!{sys.executable}
import json, os, sys, time, pathlib

words = sys.argv[1:]
if len(words) != 6 or not words[0].startswith("sbom:") or words[1:4] != ["--quiet", "--output", "json"]:
    sys.exit(f"unknown arguments: {{words}}")
if words[4] != "--file" or os.environ.get("GRYPE_CHECK_FOR_APP_UPDATE") != "false":
    sys.exit("it would have asked the internet for updates")
folder = pathlib.Path(os.environ.get("GRYPE_DB_CACHE_DIR", "/nonexistent"))
time.sleep(float(os.environ.get("HOME", "").partition("slow-")[2] or 0))
if not (folder / "known.json").exists():
    sys.exit("failed to load vulnerability db: database does not exist")
known = json.loads((folder / "known.json").read_text())
materials = json.loads(pathlib.Path(words[0][5:]).read_text())
matches = []
for artifact in materials["artifacts"]:
    for row in known.get(artifact["name"], ()):
        scores = [{{"version": "3.1", "vector": "", "metrics": {{"baseScore": row["cvss"]}}}}] if "cvss" in row else []
        fixes = row.get("fixed_in", [])
        matches.append({{
            "vulnerability": {{
                "id": row["id"], "severity": row["severity"], "dataSource": "https://example.com/" + row["id"],
                "namespace": "test", "urls": [], "description": "", "cvss": scores, "advisories": [],
                "fix": {{"versions": fixes, "state": "fixed" if fixes else "not-fixed"}},
            }},
            "relatedVulnerabilities": [{{"id": alias, "cvss": []}} for alias in row.get("aliases", ())],
            "matchDetails": [],
            "artifact": {{name: artifact[name] for name in ("id", "name", "version", "type", "locations", "purl")}},
        }})
built = (folder / "built").read_text() if (folder / "built").exists() else "2026-01-01T00:00:00Z"
report = {{
    "matches": matches, "source": materials["source"], "distro": materials.get("distro"),
    "descriptor": {{"name": "grype", "version": "0.80.0", "db": {{"built": built, "schemaVersion": 5}}}},
}}
pathlib.Path(words[5]).write_text(json.dumps(report))
"""


def install(folder: Path, known: dict[str, list[dict[str, Any]]], built: str = "") -> tuple[Path, Path]:
    """The program and the folder of its database, below `folder`."""
    program, database = folder / "grype", folder / "grype-db"
    program.write_text(_PROGRAM)
    program.chmod(0o755)
    database.mkdir(exist_ok=True)
    (database / "known.json").write_text(json.dumps(known))
    if built:
        (database / "built").write_text(built)
    return program, database

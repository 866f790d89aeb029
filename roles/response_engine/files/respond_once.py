# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer one alert by the engine's own code, on the controller: for a person, AWX or a rulebook.

respond_once.py FILE: the records of the decisions, a line of JSON each; exit 1 and one sentence on the standard error
where there is none. The file is JSON with `config`, `files` (as of judge_configuration), `alert` (base64 of its JSON),
and with `kubeconfig` and `context`, where the cluster is to be reached by a kubeconfig.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bulkhead_response import config
from bulkhead_response.errors import ConfigError, Poison, Unreachable
from bulkhead_response.kubeless_handler import respond
from judge_configuration import as_here

# The settings of the engine, and how a kubeconfig calls them: in its cluster, and in its user.
_CLUSTER = {"ca_file": "certificate-authority"}
_USER = {"cert_file": "client-certificate", "key_file": "client-key", "token_file": "token"}


def _named(items: Any, name: str, kind: str) -> Mapping[str, Any]:
    for item in items or ():
        if item.get("name") == name:
            found: Mapping[str, Any] = item.get(kind) or {}
            return found
    raise ConfigError(f"the kubeconfig has no {kind} {name!r}")


def _file(section: Mapping[str, Any], key: str, origin: Path, folder: Path) -> str:
    """The path of what a section of a kubeconfig names or holds; empty where it does neither."""
    if section.get(key) and key != "token":
        return str(origin.parent / section[key])
    held = section.get(f"{key}-data")
    content = base64.b64decode(held) if held else str(section.get("token") or "").encode() if key == "token" else b""
    if not content:
        return str(origin.parent / section["tokenFile"]) if key == "token" and section.get("tokenFile") else ""
    place = folder / key
    place.touch(0o600)
    place.write_bytes(content)
    return str(place)


def kubernetes_settings(file: Path, context: str, folder: Path) -> dict[str, str]:
    """`kubernetes` of the configuration from a kubeconfig. ConfigError where it says more than files can hold."""
    import yaml

    content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    chosen = _named(content.get("contexts"), context or str(content.get("current-context") or ""), "context")
    cluster = _named(content.get("clusters"), str(chosen.get("cluster")), "cluster")
    user = _named(content.get("users"), str(chosen.get("user")), "user")
    if cluster.get("insecure-skip-tls-verify"):
        raise ConfigError(f"{file}: the certificate of the API server is not checked; nothing is done over that")
    found = {key: _file(cluster, name, file, folder) for key, name in _CLUSTER.items()}
    found |= {key: _file(user, name, file, folder) for key, name in _USER.items()}
    if not found["token_file"] and not found["cert_file"]:
        raise ConfigError(f"{file}: neither a token nor a certificate; make one with k8s_credential")
    return {"server": str(cluster.get("server") or ""), **{key: path for key, path in found.items() if path}}


def answer(content: Mapping[str, Any], folder: Path) -> None:
    """Decide, do, and print. ConfigError, Poison or Unreachable where that cannot be."""
    settings = as_here(content["config"], content["files"])
    if content.get("kubeconfig"):
        file = Path(os.path.expanduser(content["kubeconfig"]))
        settings["kubernetes"] = kubernetes_settings(file, content.get("context") or "", folder)
    settings["record"] = {**settings.get("record", {}), "log_file": "-", "no_match": True}
    asyncio.run(respond(config.read(settings), base64.b64decode(content["alert"], validate=True)))


def main() -> None:
    """Exit 1 with a sentence for what cannot be answered."""
    try:
        with tempfile.TemporaryDirectory(prefix="bulkhead-respond-") as folder:
            answer(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(folder))
    except (ConfigError, Poison, Unreachable, ImportError, OSError, ValueError) as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of clair_report: from references of images to reports of Clair, and findings."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.client import Clair
from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.errors import ClairError
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.registry import Layers, Registries
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.run import run as imported

Params = Mapping[str, Any]
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_IMPORTING = ("target", "minimum_severity", "only_fixable", "limit")


def manifest(layers: Layers) -> dict[str, Any]:
    """What Clair is handed in: where it finds each layer, and the header that lets it in."""
    headers = {"Authorization": [layers.authorization]} if layers.authorization else {}
    return {
        "hash": layers.digest,
        "layers": [{"hash": digest, "uri": url, "headers": headers} for digest, url in layers.blobs],
    }


def report(params: Params, *, check: bool, folder: str) -> dict[str, Any]:
    """The module's result. Raises ClairError, ImportFault.

    Every image is found in its registry before Clair is asked for anything.
    """
    clair = Clair(
        params["url"], psk=params["psk"] or "", issuer=params["issuer"], ca_file=params["ca_path"],
        verify=params["validate_certs"], timeout=params["timeout"],
    )  # fmt: skip
    if not params["images"]:
        raise ClairError("images is empty: name what to report on")
    if params["reports_dir"] and not os.path.isdir(params["reports_dir"]):
        raise ClairError(f"reports_dir {params['reports_dir']} is no folder")
    found = _in_threads(params, partial(_layers, _registries(params), params["platform"]), params["images"])
    submitted = _in_threads(params, partial(_indexed, clair, params["force"], check), found)
    results, changed = [], any(submitted)
    with tempfile.TemporaryDirectory(prefix="clair-", dir=folder) as work:
        for number, (image, layers) in enumerate(zip(params["images"], found)):
            row = {"image": image, "digest": layers.digest, "submitted": submitted[number]}
            if check and submitted[number]:
                results.append({**row, "findings": [], "controls": [], "report": ""})
                continue
            path = os.path.join(work, f"{number}.json")
            _write(path, json.dumps(clair.report(layers.digest)))
            result = {**_findings(params, image, path, work), **row, "report": ""}
            if params["reports_dir"]:
                changed |= _kept(params, check, result, path)
            results.append(result)
    return {"changed": changed, "results": results}


def _in_threads(params: Params, job: Any, items: Sequence[Any]) -> list[Any]:
    with ThreadPoolExecutor(max_workers=max(1, params["parallel"])) as pool:
        return list(pool.map(job, items))


def _registries(params: Params) -> Registries:
    credentials = {row["registry"]: (row["username"], row["password"]) for row in params["registries"]}
    return Registries(credentials, tuple(params["plain_registries"]), params["registry_ca_path"])


def _layers(registries: Registries, platform: str, image: str) -> Layers:
    try:
        return registries.layers(image, platform)
    except ScannerError as exc:
        raise ClairError(str(exc)) from exc


def _indexed(clair: Clair, force: bool, check: bool, layers: Layers) -> bool:
    """Have the manifest indexed; whether that was, or would be, to be done."""
    if not force and clair.indexed(layers.digest):
        return False
    if not check:
        clair.index(manifest(layers))
    return True


def _findings(params: Params, image: str, path: str, folder: str) -> dict[str, Any]:
    row = {"path": path, "format": "clair", "target": None, "artifact": image, "ignore_errors": False}
    options = {name: params[name] for name in _IMPORTING}
    given = {**options, "reports": [row], "include_passes": False, "output": None, "max_size_mb": 1024}
    result = dict(imported(given, check=True, folder=folder)["results"][0])
    del result["path"]
    return result


def _kept(params: Params, check: bool, result: dict[str, Any], path: str) -> bool:
    """Keep the report, and say whether it is another one than before."""
    name = _UNSAFE.sub("-", result["image"]).strip("-.")
    place = result["report"] = os.path.join(params["reports_dir"], f"{name}.clair.json")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        with open(place, encoding="utf-8") as file:
            if file.read() == text:
                return False
    except (OSError, ValueError):
        pass
    if not check:
        _write(f"{place}.new", text)
        os.replace(f"{place}.new", place)
    return True


def _write(path: str, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)

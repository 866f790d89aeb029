# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot of falco_audit: what runs, what it is configured with, where alerts go, and what rules there are."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.config_facts import (
    config_subject,
    output_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.rule_facts import rule_subjects
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.web import Web, falco_subject
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.yaml_text import parsed
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True)
class Wanted:
    """What is looked at. Empty means that nobody asked, and the controls about it apply to nothing."""

    urls: Sequence[str] = ()
    config_path: str = ""
    rules_paths: Sequence[str] = ()
    version: str = ""
    platform: str = "host"
    declared_config: Mapping[str, Any] | None = None
    declared_rules: Mapping[str, str] | None = None
    health_path: str = "/healthz"
    ca_path: str | None = None
    validate_certs: bool = True
    timeout: float = 10.0


def collect(wanted: Wanted) -> tuple[dict[str, Any], int]:
    """(snapshot, requests). Raises FalcoError for files that cannot be read."""
    webs = [
        Web(url, ca_path=wanted.ca_path, validate_certs=wanted.validate_certs, timeout=wanted.timeout)
        for url in wanted.urls
    ]
    running = [falco_subject(web, wanted.health_path) for web in webs]
    for one in running:
        one["wanted_version"] = wanted.version or None
    version = wanted.version or next((one["version"] for one in running if one.get("version")), "0.43.1")
    subjects = {"falco": running, **_configured(wanted, version), "rules_file": _rules(wanted, running)}
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    snapshot = {
        "kind": "falco",
        "schema_version": SCHEMA_VERSION,
        "collected_at": now,
        "versions": {"falco": version if running else wanted.version},
        "subjects": subjects,
    }
    return snapshot, sum(web.requests for web in webs)


def _configured(wanted: Wanted, version: str) -> dict[str, list[Any]]:
    path = wanted.config_path
    if not path:
        return {"config": [], "output": []}
    config = _config(path)
    subject = config_subject(config, path, version=version, platform=wanted.platform, declared=wanted.declared_config)
    return {"config": [subject], "output": list(output_subjects(config, path))}


def _rules(wanted: Wanted, running: Sequence[Mapping[str, Any]]) -> list[Any]:
    if not wanted.rules_paths:
        return []
    loaded = [one["loaded_rules"] for one in running if "loaded_rules" in one]
    return rule_subjects(wanted.rules_paths, wanted.declared_rules, loaded)


def _config(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return parsed(file.read()) or {}
    except OSError as exc:
        raise FalcoError(f"config_path: {path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise FalcoError(f"config_path: {path} is no YAML: {exc}") from exc

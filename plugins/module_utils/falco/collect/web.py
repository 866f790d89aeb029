# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running Falco says of itself over HTTP: health, versions, events and drops, and the files that it loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.urls import open_url

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.prometheus import (
    Sample,
    samples,
)

_MOST = 8 * 1024 * 1024
_METRICS = ("events", "drops", "drops_percent", "queue_drops", "engines", "loaded_rules", "loaded_config")
_PREFIX = "falcosecurity_"


class Asked(Exception):
    """An address that did not answer as it should; the message is the end of a sentence."""


class Web:
    """The webserver of one Falco."""

    def __init__(self, url: str, *, ca_path: str | None, validate_certs: bool, timeout: float) -> None:
        self.url = url.rstrip("/")
        self.requests = 0
        self._options = {"ca_path": ca_path, "validate_certs": validate_certs, "timeout": timeout}

    def get(self, path: str) -> str:
        """The text at a path. Raises Asked."""
        self.requests += 1
        try:
            with open_url(self.url + path, http_agent="bulkhead", **self._options) as answer:
                body: bytes = answer.read(_MOST)
        except Exception as exc:  # what urllib raises has no common class below this one
            raise Asked(f"{self.url}{path} does not answer: {exc}") from exc
        return body.decode("utf-8", "replace")


def falco_subject(web: Web, health_path: str) -> dict[str, Any]:
    """The facts of one Falco. What could not be read stands in `unknown` with the reason."""
    facts: dict[str, Any] = {"subject": {"kind": "Falco", "name": web.url}, "unknown": {}}
    facts |= _health(web, health_path)
    for read, names in ((_versions, ("version", "plugins")), (_metrics, _METRICS)):
        try:
            facts |= read(web)
        except Asked as exc:
            facts["unknown"].update(dict.fromkeys(names, str(exc)))
    facts["metrics"] = "drops" not in facts["unknown"]
    return facts


def _health(web: Web, path: str) -> dict[str, Any]:
    try:
        answer = json.loads(web.get(path))
    except Asked as exc:
        return {"healthy": False, "health": str(exc)}
    except ValueError:
        return {"healthy": False, "health": f"{web.url}{path} answers, but not as Falco does"}
    status = answer.get("status") if isinstance(answer, dict) else None
    return {"healthy": status == "ok", "health": f"it says {status!r}"}


def _versions(web: Web) -> dict[str, Any]:
    try:
        answer = json.loads(web.get("/versions"))
        return {"version": str(answer["falco_version"]), "plugins": dict(answer.get("plugin_versions") or {})}
    except (ValueError, KeyError, TypeError) as exc:
        raise Asked(f"{web.url}/versions answers, but not as Falco does") from exc


def _metrics(web: Web) -> dict[str, Any]:
    found = [sample for sample in samples(web.get("/metrics")) if sample.name.startswith(_PREFIX)]
    if not found:
        raise Asked(
            f"{web.url}/metrics has no metrics of Falco: metrics.enabled and webserver.prometheus_metrics_enabled"
        )
    numbers = {sample.name[len(_PREFIX) :]: sample.value for sample in found if not sample.labels}
    events, drops = numbers.get("scap_n_evts_total"), numbers.get("scap_n_drops_total")
    return {
        "events": events,
        "drops": drops,
        "drops_percent": round(100 * drops / events, 4) if events and drops is not None else 0.0,
        "queue_drops": numbers.get("falco_outputs_queue_num_drops_total", 0.0),
        "engines": _labels(found, "scap_engine_name_info", "evt_source", "engine_name"),
        "loaded_rules": _labels(found, "falco_sha256_rules_files_info", "file_name", "sha256"),
        "loaded_config": _labels(found, "falco_sha256_config_files_info", "file_name", "sha256"),
    }


def _labels(found: list[Sample], name: str, key: str, value: str) -> Mapping[str, str]:
    return {one.labels.get(key, ""): one.labels.get(value, "") for one in found if one.name == _PREFIX + name}

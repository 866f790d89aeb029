# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot that nats_audit judges: servers, accounts, streams, consumers, a configuration and its users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.configuration import (
    configuration_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.jetstream import (
    account_subjects,
    stream_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.servers import server_subject
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.source import (
    Answers,
    from_monitors,
    from_system_account,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

SCHEMA_VERSION = "1.0"
_NO_CONFIG = "The configuration was not given (config)."


def collect(params: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """(snapshot, number of requests). Raises NatsError where no server can be asked."""
    answers = _answers(params)
    snapshot = snapshot_of(answers)
    if params.get("config"):
        file, users = configuration_subjects(str(params["config"]))
        snapshot["subjects"].update(configuration=[file], user=users)
    else:
        snapshot["unseen"] = {"configuration": _NO_CONFIG, "user": _NO_CONFIG}
    return snapshot, answers.requests


def _answers(params: Mapping[str, Any]) -> Answers:
    if params.get("monitor_urls"):
        return from_monitors(params["monitor_urls"], float(params["timeout"]), params.get("ca_file"))
    if params.get("servers"):
        return from_system_account(params)
    raise NatsError("There is nothing to ask: name monitor_urls, or servers with a user of the system account")


def snapshot_of(answers: Answers) -> dict[str, Any]:
    """What the answers come to. What nobody answered is an error of the scopes that need it."""
    streams, consumers = stream_subjects(answers.answers)
    snapshot: dict[str, Any] = {
        "kind": "nats",
        "schema_version": SCHEMA_VERSION,
        "collected_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cluster": _cluster(answers.answers),
        "versions": {name: (said.get("varz") or {}).get("version") for name, said in sorted(answers.answers.items())},
        "subjects": {
            "server": [server_subject(name, said, answers.errors) for name, said in sorted(answers.answers.items())],
            "account": account_subjects(answers.answers),
            "stream": streams,
            "consumer": consumers,
        },
    }
    if "jsz" in answers.errors:
        snapshot["errors"] = dict.fromkeys(("account", "stream", "consumer"), answers.errors["jsz"])
    return snapshot


def _cluster(answers: Mapping[str, Mapping[str, Any]]) -> str:
    """The name of the cluster, or of the only server."""
    names = {str(((said.get("varz") or {}).get("cluster") or {}).get("name") or "") for said in answers.values()} - {""}
    return sorted(names)[0] if names else next(iter(sorted(answers)), "nats")

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of accounts, streams and consumers, as the servers tell them. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Said = Mapping[str, Any]
Subject = dict[str, Any]

GLOBAL = "$G"
# What the server says where nothing is reserved: -1, as a number without a sign.
_UNLIMITED = 2**63
_DAY = 86_400_000_000_000


def account_subjects(answers: Mapping[str, Said]) -> list[Subject]:
    """One subject an account that has JetStream or clients, over all servers."""
    details = {account["name"]: account for server in answers.values() for account in _accounts(server)}
    clients = _clients(answers)
    system = {(server.get("varz") or {}).get("system_account") for server in answers.values()}
    return [
        {
            "subject": {"kind": "Account", "name": name},
            "jetstream": name in details,
            "system": name in system,
            "is_default": name == GLOBAL,
            "clients": clients.get(name, 0),
            "max_storage": _limit(details.get(name, {}).get("reserved_storage")),
            "max_memory": _limit(details.get(name, {}).get("reserved_memory")),
            "storage": details.get(name, {}).get("storage"),
        }
        for name in sorted({*details, *clients})
    ]


def _limit(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value < _UNLIMITED else None


def _accounts(server: Said) -> Iterable[Said]:
    accounts: Iterable[Said] = (server.get("jsz") or {}).get("account_details") or ()
    return accounts


def _clients(answers: Mapping[str, Said]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for server in answers.values():
        for client in (server.get("connz") or {}).get("connections") or ():
            if client.get("kind", "Client") == "Client":
                account = str(client.get("account") or GLOBAL)
                counts[account] = counts.get(account, 0) + 1
    return counts


def stream_subjects(answers: Mapping[str, Said]) -> tuple[list[Subject], list[Subject]]:
    """(streams, consumers). Of one that several servers have, its leader tells."""
    streams: dict[tuple[str, str], Subject] = {}
    consumers: dict[tuple[str, str, str], Subject] = {}
    size = len(answers)
    for server, said in answers.items():
        for account in _accounts(said):
            for stream in account.get("stream_detail") or ():
                key = (account["name"], stream["name"])
                if key not in streams or _leads(stream, server):
                    streams[key] = _stream(account["name"], stream, size)
                for consumer in stream.get("consumer_detail") or ():
                    if (*key, consumer["name"]) not in consumers or _leads(consumer, server):
                        consumers[(*key, consumer["name"])] = _consumer(account["name"], consumer)
    return [streams[key] for key in sorted(streams)], [consumers[key] for key in sorted(consumers)]


def _leads(detail: Said, server: str) -> bool:
    return bool((detail.get("cluster") or {}).get("leader") == server)


def _stream(account: str, stream: Said, servers: int) -> Subject:
    config, state = stream.get("config") or {}, stream.get("state") or {}
    most = config.get("max_bytes", -1)
    replicas = (stream.get("cluster") or {}).get("replicas") or ()
    return {
        "subject": {"kind": "Stream", "name": stream["name"], "namespace": account},
        "replicas": config.get("num_replicas", 1),
        "servers": servers,
        "storage": config.get("storage"),
        "subjects": config.get("subjects") or [],
        "everything": ">" in (config.get("subjects") or ()),
        "bounded": most > 0 or config.get("max_msgs", -1) > 0,
        "max_age_days": round(config.get("max_age", 0) / _DAY, 2) or None,
        "discard": config.get("discard"),
        "used_percent": round(100.0 * state.get("bytes", 0) / most, 1) if most > 0 else None,
        "messages": state.get("messages"),
        "lagging_replicas": sorted(str(each.get("name")) for each in replicas if not each.get("current")),
    }


def _consumer(account: str, consumer: Said) -> Subject:
    config = consumer.get("config") or {}
    most = config.get("max_ack_pending") or 0
    return {
        "subject": {
            "kind": "Consumer",
            "name": f"{consumer.get('stream_name')}/{consumer['name']}",
            "namespace": account,
        },
        "ack_policy": config.get("ack_policy"),
        "durable": bool(config.get("durable_name")),
        "pending": consumer.get("num_pending", 0),
        "ack_pending": consumer.get("num_ack_pending", 0),
        "max_ack_pending": most or None,
        "stuck": most > 0 and consumer.get("num_ack_pending", 0) >= most,
        "redelivered": consumer.get("num_redelivered", 0),
        "waiting": consumer.get("num_waiting", 0),
    }

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of servers: who gets in, over what, how much they may ask for, and how the server is. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

Said = Mapping[str, Any]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_NANOSECONDS = 1_000_000_000


def server_subject(name: str, said: Said, errors: Mapping[str, str]) -> dict[str, Any]:
    """One server. `said` is what it answers, by endpoint; what it did not answer is unknown, with the reason."""
    varz: Said = said.get("varz") or {}
    unknown: dict[str, str] = {}
    subject = {
        "subject": {"kind": "Server", "name": name},
        **_entrance(varz),
        **_limits(varz),
        **_listeners(varz),
        **_jetstream(varz),
        "version": varz.get("version"),
        "slow_consumers": varz.get("slow_consumers", 0),
        "certificate_days_left": _days_left(varz, unknown),
        **_health(said, errors, unknown),
        **_clients(said, errors, unknown),
    }
    return {**subject, "unknown": unknown} if unknown else subject


def _entrance(varz: Said) -> dict[str, Any]:
    return {
        "auth_required": bool(varz.get("auth_required")),
        "tls_required": bool(varz.get("tls_required")),
        "tls_verify": bool(varz.get("tls_verify")),
        "system_account": varz.get("system_account") or "$SYS",
        "auth_timeout": varz.get("auth_timeout"),
    }


def _limits(varz: Said) -> dict[str, Any]:
    """A limit that is not set is null."""
    return {
        "max_connections": varz.get("max_connections") or None,
        "max_payload": varz.get("max_payload") or None,
        "max_subscriptions": varz.get("max_subscriptions") or None,
        "max_pending": varz.get("max_pending") or None,
        "write_deadline_seconds": (varz.get("write_deadline") or 0) / _NANOSECONDS,
    }


def _listeners(varz: Said) -> dict[str, Any]:
    """Every other port that the server listens at."""
    host, port = str(varz.get("http_host") or ""), varz.get("http_port") or 0
    cluster, leaf = varz.get("cluster") or {}, varz.get("leaf") or {}
    websocket, mqtt = varz.get("websocket") or {}, varz.get("mqtt") or {}
    return {
        "monitoring_exposed": bool(port) and host not in _LOOPBACK,
        "monitoring_address": f"{host or '0.0.0.0'}:{port}" if port else None,
        "clustered": bool(cluster.get("cluster_port") or cluster.get("port")),
        "cluster_name": cluster.get("name"),
        "cluster_tls_required": bool(cluster.get("tls_required")),
        "cluster_tls_verify": bool(cluster.get("tls_verify")),
        "leafnode_listens": bool(leaf.get("port")),
        "leafnode_tls_required": bool(leaf.get("tls_required")),
        "websocket_listens": bool(websocket.get("port")),
        "websocket_tls": not websocket.get("no_tls"),
        "mqtt_listens": bool(mqtt.get("port")),
        # Only with TLS is there a timeout for it.
        "mqtt_tls": bool(mqtt.get("tls_timeout")),
    }


def _jetstream(varz: Said) -> dict[str, Any]:
    jetstream = varz.get("jetstream") or {}
    config, stats = jetstream.get("config") or {}, jetstream.get("stats") or {}
    most, memory = config.get("max_storage") or 0, config.get("max_memory") or 0
    return {
        "jetstream": bool(config),
        "storage_used_percent": _percent(stats.get("storage"), most),
        "memory_used_percent": _percent(stats.get("memory"), memory),
        "max_storage": most or None,
        "encrypted_at_rest": bool(config.get("encryption") or config.get("cipher")) if config else None,
    }


def _percent(used: Any, most: int) -> float | None:
    return round(100.0 * (used or 0) / most, 1) if most > 0 else None


def _days_left(varz: Said, unknown: dict[str, str]) -> int | None:
    end = varz.get("tls_cert_not_after")
    if not varz.get("tls_required"):
        return None
    if not end or str(end).startswith("0001"):
        unknown["certificate_days_left"] = f"a server of version {varz.get('version')} does not tell"
        return None
    ends = datetime.strptime(str(end)[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    now = str(varz.get("now") or "")[:19]
    # By the clock of the server: a stored snapshot tells the same in a year.
    today = datetime.strptime(now, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return (ends - today).days


def _health(said: Said, errors: Mapping[str, str], unknown: dict[str, str]) -> dict[str, Any]:
    if "healthz" not in said:
        unknown["healthy"] = errors.get("healthz", "it was not asked")
        return {"healthy": None, "health_error": None}
    health = said["healthz"]
    return {"healthy": health.get("status") == "ok", "health_error": health.get("error")}


def _clients(said: Said, errors: Mapping[str, str], unknown: dict[str, str]) -> dict[str, Any]:
    """How many clients there are, and how. Of who they are, only the account is looked at."""
    if "connz" not in said:
        unknown["clients_without_tls"] = errors.get("connz", "it was not asked")
        return {"clients_without_tls": None, "clients_with_old_tls": None}
    clients = [client for client in said["connz"].get("connections") or () if client.get("kind", "Client") == "Client"]
    return {
        "clients_without_tls": sum(1 for client in clients if not client.get("tls_version")),
        "clients_with_old_tls": sum(1 for client in clients if client.get("tls_version") in ("1.0", "1.1")),
    }

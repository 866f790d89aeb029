# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How dockerd reads an address of its API (moby, opts/hosts.go), and whether TLS guards it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT_SOCKET = "/var/run/docker.sock"


def complete_address(host: str, settings: Mapping[str, Any], runtime_dir: str | None = None) -> str:
    """A value of -H or hosts with its scheme: without one it is TCP; empty it is the default, which TLS changes.

    `settings` are the options in effect that were set, by JSON key. `runtime_dir` is that of a rootless daemon.
    """
    if host and "://" not in host:
        return f"tcp://{host}"
    if host not in ("", "unix://"):
        return host
    if not host and uses_tls(settings):
        return "tcp://localhost:2376"
    return f"unix://{runtime_dir}/docker.sock" if runtime_dir else f"unix://{DEFAULT_SOCKET}"


def uses_tls(settings: Mapping[str, Any]) -> bool:
    """Whether the TCP addresses speak TLS: any mention of tlsverify turns it on, whatever its value."""
    return bool(settings.get("tls")) or "tlsverify" in settings

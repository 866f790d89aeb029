# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of ENV, ARG and LABEL, and of the instructions that say how a container runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.run_facts import (
    SOCKET,
    tls_switched_off,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.secret_search import (
    LONGEST,
    secrets_in_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stages import pairs
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.syntax import Instruction, split
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.words import expand, unquote
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import secret_in

_PORTS = re.compile(r"(\d+)(?:-(\d+))?(?:/(tcp|udp|sctp))?\Z", re.IGNORECASE)
_ABSOLUTE = re.compile(r"/|\\|[A-Za-z]:[/\\]|\$")
# Stands for whatever a build is told: its name alone says that it is a secret.
_SOME_VALUE = "given-at-build"
# Ports by which people log in, or by which an engine is commanded.
REMOTE_PORTS = frozenset((22, 23, 512, 513, 514, 2375, 3389, 5900))


def variable_facts(instruction: Instruction, escape: str) -> dict[str, Any]:
    """Secrets in names and values. `text` shows names alone, for a value may be what must not be shown."""
    found, asked, switches, names = [], [], [], []
    for name, written in pairs(instruction, escape):
        value = unquote(written[:LONGEST], escape)
        names.append(name)
        secret = secret_in(name, value) if value else None
        found += [secret] if secret else []
        if instruction.keyword == "ARG" and not value and secret_in(name, _SOME_VALUE):
            asked.append(name)
        if instruction.keyword != "LABEL" and tls_switched_off(name, value):
            switches.append(f"{name}={value}")
    told = ", ".join(names[:10])
    return {
        "text": f"{instruction.keyword} {told}",
        "secrets": found,
        "secret_arguments": asked,
        "unverified": switches,
    }


def instruction_facts(instruction: Instruction, values: Mapping[str, str | None], escape: str) -> dict[str, Any]:
    """Of EXPOSE, VOLUME, WORKDIR, CMD, ENTRYPOINT and the others."""
    facts: dict[str, Any] = {"secrets": [], "remote_ports": [], "privileged_ports": []}
    if instruction.keyword == "EXPOSE":
        facts.update(_ports(instruction, values, escape))
    elif instruction.keyword == "VOLUME":
        facts["sockets"] = SOCKET.findall(instruction.arguments)
    elif instruction.keyword == "WORKDIR":
        facts["relative"] = not _ABSOLUTE.match(unquote(instruction.arguments, escape))
    elif instruction.keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
        line = " ".join(instruction.json) if instruction.json is not None else instruction.arguments
        facts["secrets"] = secrets_in_text(line)
    return facts


def _ports(instruction: Instruction, values: Mapping[str, str | None], escape: str) -> dict[str, Any]:
    """The ports that matter among those that it names; `unknown` where a port is a variable that nobody tells."""
    remote: set[int] = set()
    privileged: set[int] = set()
    unknown: list[str] = []
    for word in dict.fromkeys(split(instruction.arguments, escape)):
        told = expand(word, values, escape)
        unknown += told.unknown
        found = _PORTS.match(told.text)
        if found and len(told.text) < 20:
            first, last = int(found[1]), int(found[2] or found[1])
            remote |= {port for port in REMOTE_PORTS if first <= port <= last}
            # A range may be of all ports, and a file may hold thousands of ranges.
            privileged |= set(range(first, min(last, 1023) + 1))
    facts: dict[str, Any] = {
        "remote_ports": sorted(remote),
        "privileged_ports": sorted(privileged - REMOTE_PORTS)[:20],
    }
    if unknown:
        why = f"nobody tells {', '.join(unknown)}; give build_args"
        facts["unknown"] = {"remote_ports": why, "privileged_ports": why}
    return facts

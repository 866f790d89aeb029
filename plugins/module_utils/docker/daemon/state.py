# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The four states of a daemon option told apart: declared, on disk, in effect, waiting for a restart.

What is in effect comes from the daemon itself where it tells, from its command line, and otherwise from the file if
that was last written before the daemon started. Where none of these can say, it is unknown rather than guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.effect import (
    agrees,
    observed_options,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import DaemonFile
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import (
    default_of,
    parse_argv,
    parse_version,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine

UNKNOWN = "unknown"


def daemon_states(
    declared: Mapping[str, Any],
    engine: Engine,
    process: DaemonProcess | None,
    file: DaemonFile | None,
    *,
    also: Iterable[str] = (),
    applied: Collection[str] = (),
) -> dict[str, dict[str, Any]]:
    """The states of every key that is declared, in the file, on the command line, or in `also`.

    Each is {"declared", "on_disk", "flag", "in_effect", "source", "pending_restart"}; a value that is not there is
    None. `source` says where `in_effect` comes from: daemon, flag, file, default, or unknown. `pending_restart` is
    True where the file says something that the daemon does not do yet, None where that cannot be told.
    `applied` are keys that this very process is known to have taken over as the file has them now.
    """
    flags = parse_argv(process.argv).values if process else {}
    on_disk = file.data if file else {}
    seen = observed_options(engine, process.started if process else 0.0)
    at_start = read_at_start(process, file)
    version = parse_version(str(engine.version().get("Version", "")))
    states = {}
    for key in dict.fromkeys([*declared, *on_disk, *flags, *also]):
        wanted = on_disk[key] if key in on_disk else flags.get(key, default_of(key, version))
        value, source = _in_effect(key, seen, flags, on_disk, wanted, at_start or key in applied)
        states[key] = {
            "declared": declared.get(key),
            "on_disk": on_disk.get(key),
            "flag": flags.get(key),
            "in_effect": value,
            "source": source,
            "pending_restart": _pending(key, wanted, value, source),
        }
    return states


def read_at_start(process: DaemonProcess | None, file: DaemonFile | None) -> bool:
    """Whether the daemon was started after the file was last written, and so must have read what it says now."""
    if file is None or process is None or not process.started:
        return False
    return not file.exists or file.mtime < process.started


def _in_effect(
    key: str,
    seen: Mapping[str, Any],
    flags: Mapping[str, Any],
    on_disk: Mapping[str, Any],
    wanted: Any,
    settled: bool,
) -> tuple[Any, str]:
    if key in seen:
        # The daemon shows some options in its own spelling; where that means the same, the user's is shown.
        same = wanted is not None and agrees(key, wanted, seen[key])
        return (wanted if same else seen[key]), "daemon"
    if key in flags:
        return flags[key], "flag"
    if settled:
        return (on_disk[key], "file") if key in on_disk else (wanted, "default")
    return None, UNKNOWN


def _pending(key: str, wanted: Any, value: Any, source: str) -> bool | None:
    if source == UNKNOWN:
        return None
    if wanted is None:
        # The default depends on the host, so whatever is in effect may be it.
        return False
    return not agrees(key, wanted, value)

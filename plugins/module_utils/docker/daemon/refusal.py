# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dockerd would refuse to start with, found before its file is touched."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.log_options import (
    log_option_problems,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.option_table import (
    MERGED_WITH_FLAG,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import (
    OPTION_BY_KEY,
    FlagSettings,
    default_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import shown
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import reason_in
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.values import wrong_on_disk
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

_STOCK_RUNTIMES = ("runc", "io.containerd.")
_PLUGIN_FOLDERS = ("run/docker/plugins", "etc/docker/plugins", "usr/lib/docker/plugins")


def refusals(situation: Situation, after: Mapping[str, Any], text: str | None, restart: bool) -> list[str]:
    """Why the daemon would not start, or not reload, with the file as it would be; each with what to do.

    `restart`: the daemon will be started anew, so that only the command line of its next start matters.
    """
    problems = wrong_on_disk(after, situation.version)
    unit = f"the unit {situation.service.unit}"
    later = _flag_conflicts(after, situation.next_flags, unit) if situation.next_flags else {}
    now = {} if situation.next_flags and restart else _flag_conflicts(after, situation.flags, "its command line")
    problems += {**later, **now}.values()
    problems += _combinations(situation, after)
    problems += _missing_plugins(situation, after) + _missing_log_driver(situation, after)
    problems += _log_options(situation, after)
    return problems or _validation(situation, text)


def _flag_conflicts(after: Mapping[str, Any], flags: FlagSettings, where: str) -> dict[str, str]:
    """The options that are in the file and among the flags, with a sentence each."""
    problems = {}
    for key, value in flags.values.items():
        if key not in after or key in MERGED_WITH_FLAG:
            continue
        both = set(value) & set(after[key] or {}) if key == "proxies" else {key}
        for name in sorted(both):
            flag = f"--{OPTION_BY_KEY[key].flag or name}"
            said = shown(value[name] if key == "proxies" else value, name)
            problems[name] = (
                f"{name} is already set by {where} ({flag}, to {_json(said)}), and dockerd does not start with an "
                f"option in both places: take {flag} away there, or {name} out of the file"
            )
    return problems


def _json(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _combinations(situation: Situation, after: Mapping[str, Any]) -> list[str]:
    flags = (situation.next_flags or situation.flags).values
    used = {**flags, **after}

    def value(key: str) -> Any:
        return used.get(key, default_of(key, situation.version))

    problems = []
    if value("icc") is False and value("iptables") is False:
        problems.append("icc false works through iptables, and iptables is false: make one of them true")
    if value("bridge") and value("bip"):
        problems.append("bridge and bip exclude each other: keep one")
    runtimes = {**flags.get("runtimes", {}), **(after.get("runtimes") or {})}
    runtime = str(value("default-runtime") or "runc")
    if "default-runtime" in after and runtime not in runtimes and not runtime.startswith(_STOCK_RUNTIMES):
        problems.append(f"default-runtime is {runtime}, which is not among runtimes: declare it there")
    if after.get("live-restore") and (situation.info.get("Swarm") or {}).get("LocalNodeState") == "active":
        problems.append("live-restore does not work on a node of a swarm: leave it out here")
    if "host-gateway-ip" in after and "host-gateway-ips" in after:
        problems.append("host-gateway-ip and host-gateway-ips exclude each other: keep the latter")
    return problems


def _missing_plugins(situation: Situation, after: Mapping[str, Any]) -> list[str]:
    """Authorization plugins that are not there: dockerd exits at once, even when it is only reloaded."""
    wanted: Iterable[str] = after.get("authorization-plugins") or []
    if situation.engine is None or situation.process is None or not wanted:
        return []
    installed = {str(plugin.get("Name")) for plugin in situation.engine.get("/plugins") or []}
    root = situation.process.root
    missing = [name for name in wanted if not {name, f"{name}:latest"} & installed and not _discovered(name, root)]
    return [
        f"authorization-plugins: there is no plugin {name} (no socket or spec file in /run/docker/plugins, "
        "/etc/docker/plugins or /usr/lib/docker/plugins): install it first"
        for name in missing
    ]


def _missing_log_driver(situation: Situation, after: Mapping[str, Any]) -> list[str]:
    """A log driver that is not there: dockerd starts with it, and then starts no container any more."""
    driver = after.get("log-driver")
    known = (situation.info.get("Plugins") or {}).get("Log") or []
    if situation.engine is None or not known or driver in (None, "", "none", *known):
        return []
    installed = {str(plugin.get("Name")) for plugin in situation.engine.get("/plugins") or []}
    if {driver, f"{driver}:latest"} & installed:
        return []
    return [f"log-driver: this daemon has no driver {driver}, and no container would start; it has {', '.join(known)}"]


def _log_options(situation: Situation, after: Mapping[str, Any]) -> list[str]:
    """Log options with which no container would start; not those that were there before, which are others' matter."""
    if all(after.get(key) == situation.file.data.get(key) for key in ("log-driver", "log-opts")):
        return []
    flags = (situation.next_flags or situation.flags).values
    driver = after.get("log-driver") or flags.get("log-driver") or "json-file"
    options = {**flags.get("log-opts", {}), **(after.get("log-opts") or {})}
    if wrong_on_disk({"log-opts": options}, situation.version):
        return []
    return log_option_problems(str(driver), {name: str(value) for name, value in options.items() if value is not None})


def _discovered(name: str, root: str) -> bool:
    forms = [f"{stem}.{ending}" for stem in (name, f"{name}/{name}") for ending in ("sock", "spec", "json")]
    return any(os.path.exists(os.path.join(root, folder, form)) for folder in _PLUGIN_FOLDERS for form in forms)


def _validation(situation: Situation, text: str | None) -> list[str]:
    """What `dockerd --validate` (23.0 and later) says of the new file beside the daemon's own flags."""
    process = situation.process
    if text is None or process is None or process.root != "/" or situation.version < (23, 0):
        return []
    binary = process.exe.removesuffix(" (deleted)")
    if not os.access(binary, os.X_OK):
        return []
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8", errors="surrogateescape") as candidate:
        candidate.write(text)
        candidate.flush()
        return _validated(binary, process, candidate.name)


def _validated(binary: str, process: DaemonProcess, candidate: str) -> list[str]:
    command = [binary, *process.argv[1:], f"--config-file={candidate}", "--validate"]
    try:
        # run_command() knows no timeout.
        result = subprocess.run(  # pylint: disable=ansible-bad-function
            command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise DockerError(f"{binary} --validate cannot be run: {exc}; nothing was changed") from exc
    if result.returncode == 0:
        return []
    return [reason_in(result.stdout + result.stderr).replace(candidate, "the new daemon.json") or "dockerd refuses it"]

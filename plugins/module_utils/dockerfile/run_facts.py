# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of a RUN do that a security engineer asks about. Each fact is a list of short texts, or a truth."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.shell import (
    INTERPRETERS,
    SHELLS,
    Command,
)

_FETCHERS = frozenset(("curl", "wget", "fetch", "aria2c"))
SOCKET = re.compile(
    r"/(?:var/)?run/(?:docker\.sock|containerd/containerd\.sock|crio/crio\.sock|podman/podman\.sock|dockershim\.sock)"
)
_OCTAL = re.compile(r"[0-7]{3,5}\Z")
_SYMBOLIC_SETUID = re.compile(r"(?:\A|,)[ugoa]*[+=][rwxXt]*s")
_SYMBOLIC_WORLD = re.compile(r"(?:\A|,)(?:[ug]*[oa][ugoa]*|)\+[rxXst]*w|(?:\A|,)[ug]*[oa][ugoa]*=[rxXst]*w")
# Words that switch off who signed a package. Each is its tool's own.
_UNSIGNED = re.compile(
    r"--allow-unauthenticated\Z|--force-yes\Z|--allow-insecure-repositories\Z|--allow-untrusted\Z"
    r"|--no-?gpg-?checks?\Z|gpgcheck=(?:0|false|no)\b|APT::Get::AllowUnauthenticated=(?:1|true|yes)"
    r"|Acquire::(?:AllowInsecureRepositories|AllowDowngradeToInsecureRepositories)=(?:1|true|yes)"
    r"|--nodigest\Z|--nosignature\Z|--skip-(?:pgp|gpg)-check\Z",
    re.IGNORECASE,
)
_TRUSTED_SOURCE = re.compile(r"\btrusted=yes\b|\bgpgcheck\s*=\s*0\b|APT::Get::AllowUnauthenticated\b")
_NO_TLS = re.compile(
    r"--no-check-certificate\Z|--insecure\Z|--trusted-host(?:=|\Z)|http\.sslVerify=?(?:false|0)?\Z|--no-verify-ssl\Z"
    r"|--check-certificate=false\Z|--disable-ssl-verification\Z|--ssl-no-verify\Z"
)
_TLS_SWITCH = re.compile(
    r"(?:NODE_TLS_REJECT_UNAUTHORIZED=0|GIT_SSL_NO_VERIFY=(?:1|true)|PYTHONHTTPSVERIFY=0|DOCKER_CONTENT_TRUST=0"
    r"|(?:NPM_CONFIG_STRICT_SSL|npm_config_strict_ssl|YARN_STRICT_SSL)=false|PERL_LWP_SSL_VERIFY_HOSTNAME=0"
    r"|GOINSECURE=\S+|GONOSUMDB=\*|GONOSUMCHECK=1|GOFLAGS=\S*-insecure)\Z"
)


def tls_switched_off(name: str, value: str) -> bool:
    """Whether a variable switches off that certificates or checksums are verified."""
    return bool(_TLS_SWITCH.match(f"{name}={value}"))


def mode_faults(mode: str) -> tuple[bool, bool]:
    """(sets the user or group of whoever runs it, lets everybody write) of a mode as chmod takes it."""
    if _OCTAL.match(mode):
        bits = int(mode, 8)
        # A sticky folder such as /tmp is for everybody by design.
        return bool(bits & 0o6000), bool(bits & 0o002) and not bits & 0o1000
    return bool(_SYMBOLIC_SETUID.search(mode)), bool(_SYMBOLIC_WORLD.search(mode)) and "t" not in mode


def command_facts(commands: Sequence[Command]) -> dict[str, Any]:
    """The facts of one RUN."""
    setuid, writable = _modes(commands)
    return {
        "piped": _piped(commands),
        "sudo": sorted({command.program for command in commands if command.sudo}),
        "unsigned": _each(commands, _unsigned),
        "unverified_tls": _each(commands, _unverified),
        "setuid": setuid,
        "world_writable": writable,
        "passwords": _passwords(commands),
        "sockets": sorted({found for command in commands for word in command.words for found in SOCKET.findall(word)}),
        "lost_cd": bool(commands) and commands[-1].program == "cd" and not commands[-1].parent,
    }


def _each(commands: Sequence[Command], judge: Callable[[Command], list[str]]) -> list[str]:
    return [found for command in commands for found in judge(command)]


def _piped(commands: Sequence[Command]) -> list[str]:
    """Programs that fetch what an interpreter then runs: `curl | sh`, `sh -c "$(curl …)"`, `bash <(curl …)`."""
    found = []
    fetcher = ""
    for command in commands:
        if command.before != "|":
            fetcher = ""
        if command.program in _FETCHERS:
            fetcher = command.program
            if command.before in ("$(", "<(", "`") and command.parent in SHELLS | {"eval", "source", "."}:
                found.append(f"{command.parent} <- {fetcher}")
        elif fetcher and command.program in INTERPRETERS and not {"-c", "-m", "-e"} & set(command.words):
            found.append(f"{fetcher} | {command.program}")
    return found


def _unsigned(command: Command) -> list[str]:
    found = [word for word in (*command.words, *command.assignments) if _UNSIGNED.search(word)]
    return found + [match for word in command.words for match in _TRUSTED_SOURCE.findall(word) if word not in found]


def _unverified(command: Command) -> list[str]:
    found = [word for word in command.words if _NO_TLS.match(word)]
    if command.program == "curl" and command.has("k") and "--insecure" not in found:
        found.append("-k")
    found += [word for word in command.assignments if _TLS_SWITCH.match(word)]
    if command.program == "export":
        found += [word for word in command.words if _TLS_SWITCH.match(word)]
    if command.program in ("npm", "yarn") and "strict-ssl" in command.words and "false" in command.words:
        found.append("strict-ssl false")
    return [f"{command.program} {word}".strip() for word in found]


def _modes(commands: Sequence[Command]) -> tuple[list[str], list[str]]:
    setuid, writable = [], []
    for command in commands:
        mode = _mode(command)
        own, world = mode_faults(mode) if mode else (False, False)
        shown = f"{command.program} {mode}"
        setuid += [shown] if own else []
        writable += [shown] if world else []
        if command.program == "setcap" and command.operands:
            setuid.append(f"setcap {command.operands[0][:60]}")
    return setuid, writable


def _mode(command: Command) -> str:
    """The mode that chmod, install or mkdir is told, as it is written; "" for none."""
    words = command.words
    if command.program == "chmod":
        # `-x` takes rights away and looks like an option.
        return next((word for word in words if not word.startswith("-")), "")
    if command.program in ("install", "mkdir"):
        for at, word in enumerate(words):
            if word in ("-m", "--mode") and at + 1 < len(words):
                return words[at + 1]
            if word.startswith("--mode="):
                return word.partition("=")[2]
    return ""


def _passwords(commands: Sequence[Command]) -> list[str]:
    """How a password of a user is set, without the password."""
    found = []
    for before, command in zip((None, *commands), commands):
        told = before is not None and command.before == "|" and before.program in ("echo", "printf")
        if command.program == "chpasswd" and told and before is not None and _is_literal(before.words):
            found.append("chpasswd")
        elif command.program == "passwd" and (command.has("d", "--delete") or "--stdin" in command.words or told):
            found.append("passwd")
        elif command.program in ("useradd", "usermod", "adduser") and command.has("p", "--password"):
            found.append(command.program)
    return found


def _is_literal(words: Sequence[str]) -> bool:
    return not any("$" in word.partition(":")[2] for word in words)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What package managers are told to do in a RUN: what they install, take away again, and leave behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.shell import Command

_MANAGERS = {
    "apt-get": "apt",
    "apt": "apt",
    "aptitude": "apt",
    "apk": "apk",
    "yum": "yum",
    "dnf": "yum",
    "microdnf": "yum",
    "tdnf": "yum",
    "zypper": "zypper",
}
_INSTALL = frozenset(("install", "add", "in", "localinstall", "reinstall"))
_REMOVE = frozenset(("remove", "purge", "autoremove", "del", "erase", "rm"))
_UPGRADE = frozenset(("upgrade", "dist-upgrade", "full-upgrade", "update", "up", "dup", "safe-upgrade"))
_REFRESH = frozenset((("apt", "update"), ("apk", "update"), ("zypper", "refresh"), ("yum", "makecache")))
# Options that take the next word.
_TAKES_WORD = frozenset(
    str.split("-o -t --option --target-release --virtual -X --repository -c --config-file --root -p")
)
# Where a manager keeps what it has fetched, and the command that takes it away.
_CACHES = {
    "apt": re.compile(r"/var/lib/apt(?:/lists)?(?:/|\Z)"),
    "apk": re.compile(r"/var/cache/apk|/etc/apk/cache"),
    "yum": re.compile(r"/var/cache/(?:yum|dnf)"),
    "zypper": re.compile(r"/var/cache/zypp"),
}

REMOTE_ACCESS = frozenset(
    str.split(
        "openssh openssh-server openssh-sftp-server dropbear telnetd telnet-server inetutils-telnetd rsh-server vsftpd"
        " proftpd proftpd-basic tftpd tftpd-hpa xinetd tightvncserver x11vnc xrdp cockpit webmin"
    )
)
PRIVILEGE_TOOLS = frozenset(("sudo", "doas", "policykit-1", "polkit", "pkexec"))
TOOLCHAIN = frozenset(
    str.split(
        "gcc g++ clang make cmake build-essential build-base gcc-c++ base-devel autoconf automake bison flex golang"
        " golang-go go rust cargo rustc default-jdk openjdk-11-jdk openjdk-17-jdk openjdk-21-jdk gdb lldb strace ltrace"
        " kernel-devel linux-headers alpine-sdk llvm nasm ghc dpkg-dev rpm-build"
    )
)
ATTACK_TOOLS = frozenset(
    str.split(
        "nmap netcat netcat-openbsd netcat-traditional nmap-ncat ncat socat tcpdump telnet ftp hping3 tshark wireshark"
        " aircrack-ng john hydra masscan rsh-client ettercap-text-only dsniff docker.io docker-ce docker-cli"
        " moby-engine docker"
    )
)


@dataclass
class Packages:
    """What one RUN does.

    installed: packages that are there at its end. managers: those that installed, upgraded or refreshed their index.
    dirty: those of them that leave a cache. refreshed, installers: those that refresh their index, and that install.
    """

    installed: list[str] = field(default_factory=list)
    managers: list[str] = field(default_factory=list)
    upgrades: list[str] = field(default_factory=list)
    dirty: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    installers: list[str] = field(default_factory=list)
    recommended: bool = False

    @property
    def alone(self) -> list[str]:
        """Managers whose index is refreshed for nothing that this RUN installs."""
        return sorted(set(self.refreshed) - set(self.installers))


def packages_of(commands: Sequence[Command], mounts: Iterable[str], recommends_off: bool) -> Packages:
    """Read the commands of one RUN. mounts: where cache or tmpfs mounts are, for what lies there is in no layer."""
    told = Packages()
    virtual: dict[str, list[str]] = {}
    for command in commands:
        manager = _MANAGERS.get(command.program)
        if manager:
            _take(told, manager, command, virtual, recommends_off)
    told.dirty = [name for name in told.managers if not _is_clean(name, commands, list(mounts))]
    return told


def _take(told: Packages, manager: str, command: Command, virtual: dict[str, list[str]], recommends_off: bool) -> None:
    action, names, group = _read(command)
    if action in _REMOVE:
        removed = {name for gone in names for name in (gone, *virtual.get(gone, ()))}
        told.installed = [name for name in told.installed if name not in removed]
        return
    if action in _INSTALL | _UPGRADE and manager not in told.managers:
        told.managers.append(manager)
    if action in _INSTALL or (action in _UPGRADE and (manager, action) not in _REFRESH):
        told.installers.append(manager)
    if action in _INSTALL:
        told.installed += names
        virtual[group] = names
        if manager == "apt" and not recommends_off and not _without_recommends(command):
            told.recommended = True
    if (manager, action) in _REFRESH:
        told.refreshed.append(manager)
    elif action in _UPGRADE and not names:
        told.upgrades.append(f"{command.program} {action}")


def _read(command: Command) -> tuple[str, list[str], str]:
    """(action, packages without their versions, the virtual package that they are part of)."""
    rest: list[str] = []
    group = ""
    words = iter(command.words)
    for word in words:
        if word in _TAKES_WORD or (word == "-t" and command.program == "apk"):
            following = next(words, "")
            group = following if word in ("-t", "--virtual") else group
        elif word.startswith("--virtual="):
            group = word.partition("=")[2]
        elif not word.startswith("-") and not re.match(r"\d?[<>]", word):
            rest.append(word)
    names = [re.split(r"[=<>~:]", word)[0] for word in rest[1:]]
    return (rest[0] if rest else ""), [name for name in names if name], group


def _without_recommends(command: Command) -> bool:
    return any("no-install-recommends" in word or "Install-Recommends=" in word for word in command.words)


def _is_clean(manager: str, commands: Sequence[Command], mounts: list[str]) -> bool:
    place = _CACHES[manager]
    if any(place.match(mount) or (manager == "apt" and mount.startswith("/var/cache/apt")) for mount in mounts):
        return True
    own = [command for command in commands if _MANAGERS.get(command.program) == manager]
    if manager == "apk" and all("--no-cache" in command.flags or "del" in command.words for command in own):
        return True
    if manager != "apt" and any("clean" in command.words or "cc" in command.words for command in own):
        return True
    removals = (word for command in commands if command.program in ("rm", "find") for word in command.words)
    return any(place.search(word) for word in removals)

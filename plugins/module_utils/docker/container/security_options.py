# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container's `SecurityOpt` and what it means together with the daemon's defaults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TRUE = {"1", "t", "T", "TRUE", "true", "True"}


@dataclass(frozen=True)
class SecurityOptions:
    """What a container itself asks for; None where it says nothing and the daemon's default rules."""

    no_new_privileges: bool | None = None
    seccomp: str | None = None
    apparmor: str | None = None
    selinux_labels: tuple[str, ...] = ()
    system_paths: str | None = None

    @property
    def selinux_disabled(self) -> bool:
        """Whether `label=disable` was asked for."""
        return "disable" in self.selinux_labels


def parse(options: Iterable[str] | None) -> SecurityOptions:
    """Read `key=value` and the older `key:value` alike; `no-new-privileges` alone means true (moby, daemon_unix.go)."""
    values: dict[str, str] = {}
    labels = []
    for option in options or ():
        key, value = _split(option)
        if key == "label":
            labels.append(value)
        else:
            values[key] = value
    switch = values.get("no-new-privileges")
    return SecurityOptions(
        no_new_privileges=None if switch is None else switch in _TRUE,
        seccomp=values.get("seccomp"),
        apparmor=values.get("apparmor"),
        selinux_labels=tuple(labels),
        system_paths=values.get("systempaths"),
    )


def _split(option: str) -> tuple[str, str]:
    if option == "no-new-privileges":
        return option, "true"
    for separator in ("=", ":"):
        key, found, value = option.partition(separator)
        if found and (separator == "=" or "=" not in option):
            return key.strip(), value
    return option, ""


def allows_everything(profile: str) -> bool:
    """Whether a seccomp profile is none: `unconfined`, or a JSON document that allows all and refuses nothing."""
    if profile == "unconfined":
        return True
    try:
        document = json.loads(profile)
    except ValueError:
        return False
    if not isinstance(document, Mapping) or document.get("defaultAction") not in ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG"):
        return False
    rules = document.get("syscalls") or ()
    return all(rule.get("action") in ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG") for rule in rules)


def daemon_options(security_options: Iterable[str] | None) -> dict[str, str]:
    """`SecurityOptions` of GET /info, ["name=seccomp,profile=default", …], as {name: profile or ""}."""
    found = {}
    for option in security_options or ():
        fields = dict(part.partition("=")[::2] for part in option.split(","))
        if "name" in fields:
            found[fields["name"]] = fields.get("profile", "")
    return found

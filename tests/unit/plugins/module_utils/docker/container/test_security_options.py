# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SecurityOpt, in all its spellings."""

from __future__ import annotations

import json

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import security_options


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("no-new-privileges", True),
        ("no-new-privileges:true", True),
        ("no-new-privileges=1", True),
        ("no-new-privileges=false", False),
        ("no-new-privileges:false", False),
        ("apparmor=unconfined", None),
    ],
)
def test_no_new_privileges(option: str, value: bool | None) -> None:
    assert security_options.parse([option]).no_new_privileges is value


def test_the_rest() -> None:
    asked = security_options.parse(["seccomp:unconfined", "apparmor=mine", "label=type:x", "label:disable"])
    assert (asked.seccomp, asked.apparmor, asked.selinux_disabled) == ("unconfined", "mine", True)
    assert not security_options.parse(None).selinux_disabled


def rule(action: str) -> dict[str, object]:
    return {"names": ["reboot"], "action": action}


@pytest.mark.parametrize(
    ("profile", "everything"),
    [
        ("unconfined", True),
        ({"defaultAction": "SCMP_ACT_ALLOW"}, True),
        ({"defaultAction": "SCMP_ACT_LOG", "syscalls": []}, True),
        ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule("SCMP_ACT_ALLOW")]}, True),
        ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule("SCMP_ACT_ERRNO")]}, False),
        ({"defaultAction": "SCMP_ACT_ERRNO"}, False),
        ([], False),
        ("/etc/profile.json", False),
    ],
)
def test_a_profile_that_is_none(profile: object, everything: bool) -> None:
    text = profile if isinstance(profile, str) else json.dumps(profile)
    assert security_options.allows_everything(text) is everything


def test_options_of_the_daemon() -> None:
    said = ["name=seccomp,profile=default", "name=apparmor", "name=userns"]
    assert security_options.daemon_options(said) == {"seccomp": "default", "apparmor": "", "userns": ""}
    assert security_options.daemon_options(None) == {}

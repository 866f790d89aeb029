# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Capabilities as Docker grants them."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import capabilities


@pytest.mark.parametrize("name", ["SYS_ADMIN", "cap_sys_admin", "CAP_SYS_ADMIN", " Sys_Admin "])
def test_every_spelling_is_one_capability(name: str) -> None:
    assert capabilities.normalized(name) == "SYS_ADMIN"


@pytest.mark.parametrize(
    ("added", "dropped", "held"),
    [
        (None, None, capabilities.DEFAULT),
        ([], ["ALL"], set()),
        (["CHOWN"], ["all"], {"CHOWN"}),
        (None, ["NET_RAW"], capabilities.DEFAULT - {"NET_RAW"}),
        (["ALL"], ["CAP_SYS_ADMIN"], set(capabilities.NAMES) - {"SYS_ADMIN"}),
        (["BPF"], None, capabilities.DEFAULT | {"BPF"}),
    ],
)
def test_granted(added: list[str] | None, dropped: list[str] | None, held: set[str]) -> None:
    assert capabilities.granted(False, added, dropped) == held


def test_privileged_is_everything_whatever_is_dropped() -> None:
    assert capabilities.granted(True, None, ["ALL"]) == set(capabilities.NAMES)


def test_a_mask_of_the_kernel() -> None:
    assert capabilities.from_mask("00000000a80425fb") == capabilities.DEFAULT
    assert capabilities.from_mask("000001ffffffffff") == set(capabilities.NAMES)


def test_beyond_default_is_sorted() -> None:
    assert capabilities.beyond_default(["SYS_PTRACE", "CHOWN", "BPF"]) == ["BPF", "SYS_PTRACE"]

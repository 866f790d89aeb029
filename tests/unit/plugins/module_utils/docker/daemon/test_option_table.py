# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of dockerd's options is consistent with itself."""

from __future__ import annotations

import re

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.option_table import (
    FLAG_ONLY_KINDS,
    FLAG_ONLY_SHORT,
    MEMBER_FLAGS,
    OPTIONS,
    Option,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.values import _BY_KIND

RELOADED = {
    "authorization-plugins",
    "debug",
    "default-runtime",
    "features",
    "insecure-registries",
    "labels",
    "live-restore",
    "max-concurrent-downloads",
    "max-concurrent-uploads",
    "max-download-attempts",
    "registry-mirrors",
    "runtimes",
    "shutdown-timeout",
}


def test_keys_flags_and_shorthands_are_unique() -> None:
    for names in (
        [option.key for option in OPTIONS],
        [option.flag for option in OPTIONS if option.flag] + list(MEMBER_FLAGS) + list(FLAG_ONLY_KINDS),
        [option.short for option in OPTIONS if option.short] + list(FLAG_ONLY_SHORT),
    ):
        assert len(names) == len(set(names))


def test_the_table_is_in_the_order_of_its_keys() -> None:
    keys = [option.key for option in OPTIONS]
    assert keys == sorted(keys)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_every_row_is_complete(option: Option) -> None:
    assert option.kind in _BY_KIND
    assert re.fullmatch(r"\d\d\.\d\d?", option.since)
    assert option.until == "" or (re.fullmatch(r"\d\d\.\d\d?", option.until) and option.old_hint)
    assert option.reload in ("", "set", "reset")


def test_what_dockerd_reloads_is_marked() -> None:
    assert {option.key for option in OPTIONS if option.reload} >= RELOADED
    for key in ("icc", "log-driver", "log-opts", "log-level", "userns-remap", "data-root", "storage-driver", "hosts"):
        assert next(option for option in OPTIONS if option.key == key).reload == ""

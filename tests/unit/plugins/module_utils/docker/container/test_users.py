# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, by name and by number."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import users


@pytest.mark.parametrize(
    "user", ["", None, "0", "0:0", "root", "root:root", "00", "+0", "-0", "0:1000", ":1000", "root:"]
)
def test_root(user: str | None) -> None:
    assert users.is_root(user)


@pytest.mark.parametrize("user", ["1000", "1000:0", "app", "app:root", "65532:65532", "rooty", "0x0", "root2"])
def test_not_root(user: str) -> None:
    assert not users.is_root(user)


def test_a_name_has_no_number() -> None:
    assert users.uid("app") is None
    assert users.uid("1000:0") == 1000

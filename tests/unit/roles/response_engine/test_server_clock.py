# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's time, by a wall clock that is right, behind, or jumps."""

from __future__ import annotations

from bulkhead_response.server_clock import ServerClock

SECOND = 1_000_000_000


def test_it_is_ours_until_the_server_is_known_to_be_ahead() -> None:
    now = {"wall": 1000.0, "steady": 50.0}
    clock = ServerClock(lambda: now["wall"], lambda: now["steady"])
    clock.heard(400 * SECOND)  # of a message that has waited
    assert clock.now() == 1000
    clock.heard(1600 * SECOND)
    assert clock.now() == 1600
    now.update(wall=1010, steady=60)
    clock.heard(1500 * SECOND)
    assert clock.now() == 1610
    now["wall"] = 1612  # it was set right
    assert clock.now() == 1612

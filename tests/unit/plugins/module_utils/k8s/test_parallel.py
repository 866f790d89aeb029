# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Side by side, in order."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel


def test_results_keep_the_order() -> None:
    assert in_parallel(lambda number: number * 2, range(100)) == [number * 2 for number in range(100)]


@pytest.mark.parametrize("items", [[], [1]])
def test_few_items_need_no_thread(items: list[int]) -> None:
    assert in_parallel(lambda item: (item, threading.current_thread()), items) == [
        (item, threading.main_thread()) for item in items
    ]


def test_runs_side_by_side() -> None:
    barrier = threading.Barrier(3, timeout=10)  # would break if one waited for the other
    assert len(in_parallel(lambda _item: barrier.wait(), range(3))) == 3


def test_raises_what_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        in_parallel(lambda number: 1 // number, [1, 0])

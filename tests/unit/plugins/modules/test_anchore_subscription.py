# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""anchore_subscription as a module."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.modules import anchore_subscription
from tests.unit.documented_options import documented, taken
from tests.unit.run_on_engine import run_on
from tests.unit.small_engine import SmallEngine

_KEY = "docker.io/library/nginx:1.27"


def test_the_documentation_is_of_the_options_there_are() -> None:
    assert documented(anchore_subscription) == taken(anchore_subscription)


def test_a_check_predicts_what_a_run_does_and_a_second_run_does_nothing() -> None:
    engine = SmallEngine()
    wish: dict[str, Any] = {"subscriptions": [{"key": _KEY, "types": ["tag_update", "vuln_update"]}]}
    predicted = run_on(engine, "anchore_subscription", check=True, **wish)
    done = run_on(engine, "anchore_subscription", **wish)
    assert (predicted["subscriptions"], predicted["diff"]) == (done["subscriptions"], done["diff"])
    again = run_on(engine, "anchore_subscription", **wish)
    assert (predicted["changed"], done["changed"], again["changed"], again["requests"]) == (True, True, False, 1)


def test_a_key_that_would_watch_nothing_is_refused() -> None:
    answer = run_on(SmallEngine(), "anchore_subscription", subscriptions=[{"key": "nginx", "types": ["tag_update"]}])
    assert answer["failed"]
    assert answer["msg"].startswith("key: 'nginx' must be registry/repository:tag")

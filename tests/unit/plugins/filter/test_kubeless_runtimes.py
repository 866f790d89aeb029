# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter passes on what it is given, and says in a sentence what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.kubeless_runtimes import FilterModule

kubeless_runtimes = FilterModule().filters()["kubeless_runtimes"]


def test_runtimes() -> None:
    assert kubeless_runtimes([{"name": "python3.8", "image": "x"}])[0]["ID"] == "python"


@pytest.mark.parametrize(
    ("runtimes", "message"),
    [
        ([{"name": "python"}], "kubeless_runtimes: runtime 'python' is called neither"),
        ([{"name": "python3.8"}], "kubeless_runtimes: a runtime has a name and an image"),
    ],
)
def test_what_is_wrong(runtimes: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        kubeless_runtimes(runtimes)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter passes on what it is given, and says in a sentence what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.kubeless_objects import FilterModule

HELLO = {"name": "hello", "handler": "hello.handler", "runtime": "python3.8", "function": "pass"}
RUNTIMES = [{"name": "python3.8", "image": "x"}]
kubeless_objects = FilterModule().filters()["kubeless_objects"]


def test_objects() -> None:
    [made] = kubeless_objects({"functions": [HELLO], "runtimes": RUNTIMES})
    assert made["metadata"]["namespace"] == "default"


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({"functions": [HELLO]}, "kubeless_objects: function default/hello: there is no runtime 'python3.8'"),
        ([HELLO], "kubeless_objects: the declaration has not the form"),
    ],
)
def test_what_is_wrong(declaration: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        kubeless_objects(declaration)

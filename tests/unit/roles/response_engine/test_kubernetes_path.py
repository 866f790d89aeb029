# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No name that leads elsewhere gets into a URL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkhead_response.kubernetes_path import BadName, object_path


def test_paths() -> None:
    assert object_path("pods", namespace="shop", name="web", part="log") == "/api/v1/namespaces/shop/pods/web/log"
    assert object_path("nodes", name="node-1.example.com") == "/api/v1/nodes/node-1.example.com"
    assert object_path("deployments", api="apps/v1", namespace="shop") == "/apis/apps/v1/namespaces/shop/deployments"


@pytest.mark.parametrize("name", ["..", "a/b", "a\n", "a?b", "A", "a%2fb", "-a", "a" * 254, "a..b", "\u0661"])
def test_bad_names(name: str) -> None:
    with pytest.raises(BadName):
        object_path("pods", namespace="shop", name=name)
    with pytest.raises(BadName):
        object_path("pods", namespace=name, name="web")


@given(st.text(min_size=1))
def test_a_path_has_as_many_parts_as_it_should(name: str) -> None:
    try:
        path = object_path("pods", namespace="shop", name=name)
    except BadName:
        return
    assert path.count("/") == 6
    assert not set(path) & set("?#% \n")
    assert ".." not in path

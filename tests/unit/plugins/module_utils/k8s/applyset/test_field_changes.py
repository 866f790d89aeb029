# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Field changes: the smallest difference that can be named, and a view of nothing else."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.field_changes import (
    ABSENT,
    field_changes,
    only_changes,
    path_text,
)

_POD: dict[str, Any] = {
    "metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}, "resourceVersion": "1"},
    "spec": {
        "containers": [{"name": "web", "image": "one", "ports": [{"containerPort": 80}]}, {"name": "side"}],
        "list": [1, 2],
    },
    "status": {"phase": "Running"},
}


def _changed(**spec: Any) -> dict[str, Any]:
    changed = copy.deepcopy(_POD)
    changed["spec"].update(spec)
    return changed


def test_what_the_server_writes_is_no_difference() -> None:
    """Neither the status nor the version."""
    other = {**_POD, "metadata": {**_POD["metadata"], "resourceVersion": "2", "managedFields": []}, "status": {}}
    assert field_changes(_POD, other) == []


def test_an_element_of_a_list_is_named_by_its_keys() -> None:
    """And shown with them."""
    containers = copy.deepcopy(_POD["spec"]["containers"])
    containers[0]["image"] = "two"
    changes = field_changes(_POD, _changed(containers=containers))
    assert [(path_text(item.path), item.before, item.after) for item in changes] == [
        ('.spec.containers[name="web"].image', "one", "two")
    ]
    before, after = only_changes(changes)
    assert before == {"spec": {"containers": [{"name": "web", "image": "one"}]}}
    assert after == {"spec": {"containers": [{"name": "web", "image": "two"}]}}


def test_elements_that_come_and_go_are_shown_whole() -> None:
    """On the side where they are."""
    containers = [_POD["spec"]["containers"][0], {"name": "new", "image": "x"}]
    before, after = only_changes(field_changes(_POD, _changed(containers=containers)))
    assert before == {"spec": {"containers": [{"name": "side"}]}}
    assert after == {"spec": {"containers": [{"name": "new", "image": "x"}]}}


def test_another_order_is_a_difference_of_the_whole_list() -> None:
    """Nothing smaller says it."""
    containers = list(reversed(_POD["spec"]["containers"]))
    [change] = field_changes(_POD, _changed(containers=containers))
    assert (path_text(change.path), change.after) == (".spec.containers", containers)


def test_a_plain_list_and_a_field_that_is_not_there() -> None:
    """Labels are named one by one, with quotes where the name is no plain word."""
    other = copy.deepcopy(_POD)
    del other["metadata"]["labels"]
    other["spec"]["list"] = [1]
    changes = {path_text(item.path): (item.before, item.after) for item in field_changes(_POD, other)}
    assert changes == {
        '.metadata.labels["app.kubernetes.io/name"]': ("x", ABSENT),
        ".spec.list": ([1, 2], [1]),
    }


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "a", "b/c"]), inner, max_size=3)
        | st.lists(st.fixed_dictionaries({"name": st.sampled_from(["x", "y"]), "v": inner}), max_size=3)
    ),
    max_leaves=12,
)


@given(_VALUES, _VALUES)
def test_there_is_a_change_exactly_where_there_is_a_difference(before: Any, after: Any) -> None:
    """And each side of the view is made of what that side holds."""
    changes = field_changes({"spec": before}, {"spec": after})
    assert bool(changes) is (repr(before) != repr(after) and before != after)
    only_changes(changes)

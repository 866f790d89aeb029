# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""managedFields: whether an apply would change nothing, and who owns a field."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.managed_fields import (
    label_owners,
    last_manager,
    latest_of,
    settled,
)

_PORT = 'k:{"containerPort":80,"protocol":"TCP"}'
# As a server writes them for the definition below.
_FIELDS: dict[str, Any] = {
    "f:metadata": {"f:labels": {"f:app": {}}, "f:finalizers": {'v:"example.com/f"': {}}},
    "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
            "f:spec": {
                "f:containers": {
                    'k:{"name":"web"}': {
                        ".": {},
                        "f:name": {},
                        "f:args": {},
                        "f:ports": {_PORT: {".": {}, "f:containerPort": {}}},
                    },
                    'k:{"name":"side"}': {".": {}, "f:name": {}},
                }
            }
        },
    },
}
_CONTAINERS = [{"name": "web", "args": ["a", "b"], "ports": [{"containerPort": 80}]}, {"name": "side"}]


def _desired() -> dict[str, Any]:
    return copy.deepcopy(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "n",
                "namespace": "ns",
                "labels": {"app": "x"},
                "finalizers": ["example.com/f"],
            },
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "x"}},
                "template": {"spec": {"containers": _CONTAINERS}},
            },
        }
    )


def _live() -> dict[str, Any]:
    """With what the server and others have added."""
    live = _desired()
    live["metadata"]["labels"]["theirs"] = "y"
    live["metadata"]["finalizers"].append("example.com/theirs")
    web = live["spec"]["template"]["spec"]["containers"][0]
    web["ports"][0]["protocol"] = "TCP"
    web["image"] = "defaulted"
    live["status"] = {"replicas": 2}
    entry = {"manager": "us", "operation": "Apply", "apiVersion": "apps/v1", "time": "2024-01-01T00:00:00Z"}
    live["metadata"]["managedFields"] = [{**entry, "fieldsV1": copy.deepcopy(_FIELDS)}]
    return live


def _web(obj: dict[str, Any]) -> dict[str, Any]:
    web: dict[str, Any] = obj["spec"]["template"]["spec"]["containers"][0]
    return web


def test_an_object_that_is_as_declared_is_settled() -> None:
    """Whatever others have added to it."""
    assert settled(_desired(), _live(), "us")


def _value(desired: dict[str, Any], live: dict[str, Any]) -> None:
    live["spec"]["replicas"] = 3


def _type(desired: dict[str, Any], live: dict[str, Any]) -> None:
    desired["spec"]["replicas"] = True
    live["spec"]["replicas"] = 1


def _added(desired: dict[str, Any], live: dict[str, Any]) -> None:
    desired["spec"]["paused"] = live["spec"]["paused"] = True


def _removed(desired: dict[str, Any], live: dict[str, Any]) -> None:
    del desired["metadata"]["labels"]


def _gone(desired: dict[str, Any], live: dict[str, Any]) -> None:
    del live["metadata"]["labels"]["app"]


def _atomic_list(desired: dict[str, Any], live: dict[str, Any]) -> None:
    _web(live)["args"] = ["a", "b", "c"]


def _atomic_map(desired: dict[str, Any], live: dict[str, Any]) -> None:
    live["spec"]["selector"]["matchLabels"]["more"] = "z"


def _element(desired: dict[str, Any], live: dict[str, Any]) -> None:
    desired["spec"]["template"]["spec"]["containers"].append({"name": "third"})


def _element_gone(desired: dict[str, Any], live: dict[str, Any]) -> None:
    live["spec"]["template"]["spec"]["containers"].pop()


def _order(desired: dict[str, Any], live: dict[str, Any]) -> None:
    live["spec"]["template"]["spec"]["containers"].reverse()


def _set(desired: dict[str, Any], live: dict[str, Any]) -> None:
    live["metadata"]["finalizers"].remove("example.com/f")


def _taken_over(desired: dict[str, Any], live: dict[str, Any]) -> None:
    del live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:replicas"]


def _other_version(desired: dict[str, Any], live: dict[str, Any]) -> None:
    live["metadata"]["managedFields"][0]["apiVersion"] = "apps/v1beta1"


def _update(desired: dict[str, Any], live: dict[str, Any]) -> None:
    live["metadata"]["managedFields"][0]["operation"] = "Update"


def _no_entry(desired: dict[str, Any], live: dict[str, Any]) -> None:
    live["metadata"]["managedFields"] = None


@pytest.mark.parametrize(
    "change",
    [_value, _type, _added, _removed, _gone, _atomic_list, _atomic_map, _element, _element_gone, _order, _set,
     _taken_over, _other_version, _update, _no_entry],
)  # fmt: skip
def test_any_difference_that_an_apply_would_mend_unsettles(change: Any) -> None:
    """In the value, in the fields that are declared, or in who owns them."""
    desired, live = _desired(), _live()
    change(desired, live)
    assert not settled(desired, live, "us")


def test_the_last_manager_of_a_field_is_the_latest_that_owns_it_or_what_holds_it() -> None:
    """A field, an element of a list, a part of what is owned as a whole, and what nobody owns."""
    live = _live()
    containers: dict[str, Any] = {"f:containers": {'k:{"name":"web"}': {}}}
    theirs: dict[str, Any] = {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": containers}}}
    entry = {"manager": "them", "operation": "Update", "time": "2025-01-01T00:00:00Z", "fieldsV1": theirs}
    live["metadata"]["managedFields"].append(entry)
    expected = {"manager": "them", "operation": "Update", "time": "2025-01-01T00:00:00Z"}
    assert last_manager(live, ("spec", "replicas")) == expected
    assert last_manager(live, ("spec", "template", "spec", "containers", {"name": "web"}, "image")) == expected
    assert last_manager(live, ("spec", "selector", "matchLabels", "app"))["manager"] == "us"
    assert last_manager(live, ("spec", "paused")) == {}
    assert label_owners(live, "app") == {"us"}
    assert latest_of(live, "them") == expected
    assert latest_of(live, "nobody") == {"manager": "nobody", "operation": "", "time": ""}

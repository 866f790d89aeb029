# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions: what is refused, and what is sent instead of what was written."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.definitions import (
    LARGEST_ANNOTATIONS,
    LARGEST_OBJECT,
    load_definitions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


def _object(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ns", **metadata}}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("text", "is no object"),
        (None, "is no object"),
        ([], "is no object"),
        ({"kind": "ConfigMap", "metadata": {"name": "a"}}, "apiVersion is missing"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "kind is missing"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "metadata is missing"),
        ({"apiVersion": "../v1", "kind": "ConfigMap", "metadata": {"name": "a"}}, "apiVersion '../v1' is not valid"),
        ({"apiVersion": "v1", "kind": "../x", "metadata": {"name": "a"}}, "kind '../x' is not valid"),
        ({"apiVersion": 1, "kind": "ConfigMap", "metadata": {"name": "a"}}, "apiVersion 1 is not valid"),
        (_object(name=None), "metadata.name is missing"),
        (_object(name="../../kube-system/configmaps/x"), "is no name of an object"),
        (_object(name=".."), "is no name of an object"),
        (_object(name="a\x00b"), "is no name of an object"),
        (_object(name="a\n"), "is no name of an object"),
        (_object(name="x" * 254), "is no name of an object"),
        (_object(name=7), "is no name of an object"),
        (_object(namespace="../kube-system"), "is no name of a namespace"),
        (_object(namespace="Upper"), "is no name of a namespace"),
        (_object(generateName="a-"), "generateName makes another object in each run"),
        (_object(labels=["a"]), "metadata.labels is no mapping"),
        (_object(labels={"a\x07": "b"}), "is no valid key"),
        (_object(labels={"a": "b c"}), "is no valid text"),
        (_object(labels={"a": True}), "go into quotes"),
        (_object(annotations={"a": 1}), "go into quotes"),
        (_object(labels={"applyset.kubernetes.io/part-of": "x"}), "is set by this module alone"),
        (_object(annotations={"a": "x" * (LARGEST_ANNOTATIONS + 1)}), "and a server takes"),
        ({**_object(), "data": {"a": "x" * LARGEST_OBJECT}}, "and a server takes"),
        ({**_object(), "data": {1, 2}}, "JSON does not have"),
        ({"kind": "List", "items": {}}, "is no list"),
        ({"kind": "RoleList", "items": [{"kind": "Role"}]}, "definitions[0].items[0]: apiVersion is missing"),
    ],
)
def test_what_is_refused(item: Any, message: str) -> None:
    """One sentence that names the place and the fault, of a length that can be read."""
    with pytest.raises(K8sError) as caught:
        load_definitions([("definitions[0]", item)])
    assert message in str(caught.value)
    assert str(caught.value).startswith("definitions[0]")
    assert len(str(caught.value)) < 300


def test_the_same_object_twice_is_refused_with_both_places() -> None:
    """In another version of the group too."""
    first = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "b"}}
    with pytest.raises(K8sError, match=r"two is the same object as one: Deployment b/a"):
        load_definitions([("one", first), ("two", {**first, "apiVersion": "apps/v1beta1"})])


def test_lists_are_split_however_deep() -> None:
    """An empty one is nothing."""
    inner = {"kind": "ConfigMapList", "apiVersion": "v1", "items": [_object(), _object(name="b")]}
    found = load_definitions([("x", {"kind": "List", "items": [inner, {"kind": "List", "items": []}]})])
    assert [(item.name, item.where) for item in found] == [("a", "x.items[0].items[0]"), ("b", "x.items[0].items[1]")]


def test_what_only_the_server_writes_is_left_out() -> None:
    """A manifest that was taken from a cluster can be applied."""
    item = {**_object(uid="1", resourceVersion="2", managedFields=[], creationTimestamp=None), "status": {"x": 1}}
    [definition] = load_definitions([("x", item)])
    assert definition.body == _object()
    assert "uid" in item["metadata"], "the caller's own object is left alone"


def test_the_texts_of_a_secret_become_its_data() -> None:
    """stringData wins over data, as at the server."""
    item = {**_object(), "kind": "Secret", "data": {"a": "eA==", "b": "eQ=="}, "stringData": {"b": "é"}}
    [definition] = load_definitions([("x", item)])
    assert definition.body["data"] == {"a": "eA==", "b": base64.b64encode("é".encode()).decode()}
    assert "stringData" not in definition.body


@pytest.mark.parametrize("data", [{"a": "not base64!"}, {"a": 1}, ["a"], {"a": None}])
def test_a_secret_that_is_no_secret_is_refused_without_telling_it(data: Any) -> None:
    """The message has the key and not the value."""
    with pytest.raises(K8sError) as caught:
        load_definitions([("x", {**_object(), "kind": "Secret", "data": data})])
    assert "not base64!" not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["apiVersion", "kind", "metadata", "name", "namespace", "items", "labels", "data"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_given_ends_in_definitions_or_in_one_sentence(item: Any) -> None:
    """Never in another exception; and what comes out can be sent."""
    try:
        found = load_definitions([("x", item)])
    except K8sError:
        return
    json.dumps([definition.body for definition in found])

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of a set as they were declared: checked, Lists split, and brought into the form that is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.normal_form import (
    normal_form,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.source import Found
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

# What an API server takes at most as one request, and as the annotations of one object together.
LARGEST_OBJECT = 3 * 1024 * 1024
LARGEST_ANNOTATIONS = 256 * 1024
APPLYSET_DOMAIN = "applyset.kubernetes.io/"

_API_VERSION = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?v[a-z0-9]+\Z")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
# A name is a part of a path. What else it must be depends on the kind, and the server knows.
_NAME = re.compile(r"(?!\.{1,2}\Z)[^/%\x00-\x20\x7f-\x9f]{1,253}\Z")
_LABEL_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\Z")
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?\Z")

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Definition:
    """One object as it is to be. `where` is for messages: the place that it was declared in."""

    body: dict[str, Any]
    where: str

    @property
    def api_version(self) -> str:
        """v1, apps/v1."""
        return str(self.body["apiVersion"])

    @property
    def group(self) -> str:
        """The API group; empty for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def kind(self) -> str:
        """The kind."""
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        """The name."""
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The namespace; empty for an object of the cluster."""
        return str(self.body["metadata"].get("namespace") or "")

    @property
    def key(self) -> Key:
        """What tells an object from every other one: group, kind, namespace, name."""
        return self.group, self.kind, self.namespace, self.name


def load_definitions(found: Iterable[Found]) -> list[Definition]:
    """Check each, and all together. Raises K8sError that names the place."""
    definitions = [_checked(where, item) for where, item in _split(found)]
    seen: dict[Key, str] = {}
    for definition in definitions:
        if definition.key in seen:
            raise K8sError(f"{definition.where} is the same object as {seen[definition.key]}: {_title(definition)}")
        seen[definition.key] = definition.where
    return definitions


def _split(found: Iterable[Found]) -> Iterator[Found]:
    for where, item in found:
        if not isinstance(item, dict):
            raise K8sError(f"{where} is no object: expected a mapping with apiVersion, kind and metadata")
        kind = item.get("kind")
        if isinstance(kind, str) and kind.endswith("List") and "items" in item:
            items = item["items"]
            if not isinstance(items, list):
                raise K8sError(f"{where}: items of a {kind} is no list")
            yield from _split((f"{where}.items[{number}]", part) for number, part in enumerate(items))
        else:
            yield where, item


def _checked(where: str, item: dict[str, Any]) -> Definition:
    _check_type(where, item)
    metadata = item.get("metadata")
    if not isinstance(metadata, dict):
        raise K8sError(f"{where}: metadata is missing")
    _check_names(where, metadata)
    _check_labels(where, metadata)
    definition = Definition(normal_form(where, item), where)
    _check_size(definition)
    return definition


def _check_type(where: str, item: dict[str, Any]) -> None:
    for field, pattern in (("apiVersion", _API_VERSION), ("kind", _KIND)):
        value = item.get(field)
        if value is None:
            raise K8sError(f"{where}: {field} is missing")
        if not isinstance(value, str) or not pattern.match(value):
            raise K8sError(f"{where}: {field} {_shown(value)} is not valid")


def _check_names(where: str, metadata: dict[str, Any]) -> None:
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if metadata.get("generateName"):
        raise K8sError(f"{where}: generateName makes another object in each run; give it metadata.name")
    if name is None:
        raise K8sError(f"{where}: metadata.name is missing")
    if not isinstance(name, str) or not _NAME.match(name):
        raise K8sError(f"{where}: metadata.name {_shown(name)} is no name of an object")
    if namespace is not None and not (isinstance(namespace, str) and _NAMESPACE.match(namespace)):
        raise K8sError(f"{where}: metadata.namespace {_shown(namespace)} is no name of a namespace")


def _check_labels(where: str, metadata: dict[str, Any]) -> None:
    for field in ("labels", "annotations"):
        values = metadata.get(field)
        if values is None:
            continue
        if not isinstance(values, dict):
            raise K8sError(f"{where}: metadata.{field} is no mapping")
        for key, value in values.items():
            _check_label(f"{where}: metadata.{field}", key, value, strict=field == "labels")


def _check_label(where: str, key: Any, value: Any, *, strict: bool) -> None:
    prefix, slash, name = key.rpartition("/") if isinstance(key, str) else ("", "", "")
    if not _LABEL_NAME.match(name) or (slash and not _PREFIX.match(prefix)):
        raise K8sError(f"{where}: {_shown(key)} is no valid key")
    if not isinstance(value, str) or (strict and not _LABEL_VALUE.match(value)):
        raise K8sError(f"{where}: the value of {_shown(key)} is no valid text; numbers and booleans go into quotes")
    if key.startswith(APPLYSET_DOMAIN):
        raise K8sError(f"{where}: {key} says whose member an object is, and is set by this module alone")


def _check_size(definition: Definition) -> None:
    annotations = definition.body["metadata"].get("annotations") or {}
    total = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if total > LARGEST_ANNOTATIONS:
        raise K8sError(
            f"{definition.where}: the annotations of {_title(definition)} have {total} bytes, and a server takes "
            f"{LARGEST_ANNOTATIONS} at most"
        )
    try:
        size = len(json.dumps(definition.body))
    except (TypeError, ValueError, RecursionError) as exc:
        raise K8sError(f"{definition.where}: {_title(definition)} holds a value that JSON does not have") from exc
    if size > LARGEST_OBJECT:
        raise K8sError(
            f"{definition.where}: {_title(definition)} has {size} bytes, and a server takes {LARGEST_OBJECT} at most"
        )


def _title(definition: Definition) -> str:
    place = f"{definition.namespace}/" if definition.namespace else ""
    return f"{definition.kind} {place}{definition.name}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a declared object into the form that a server keeps it in, where server-side apply needs or compares that."""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

Object = dict[str, Any]
# A manifest taken from a cluster brings these along; server-side apply refuses some of them.
_SERVERS_OWN = frozenset(
    {"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid", "deletionTimestamp"}
)


def normal_form(where: str, item: Mapping[str, Any]) -> Object:
    """A copy without what only the server writes, and what is particular to its kind. Raises K8sError.

    item: an object whose metadata is known to be a mapping.
    """
    body = {key: value for key, value in item.items() if key != "status"}
    body["metadata"] = {key: value for key, value in item["metadata"].items() if key not in _SERVERS_OWN}
    if not body["metadata"].get("namespace"):
        body["metadata"].pop("namespace", None)
    if (body["apiVersion"], body["kind"]) == ("v1", "Secret"):
        return _secret(where, body)
    if (body["apiVersion"], body["kind"]) == ("v1", "Service"):
        return _service(body)
    return _cluster_role(body) if body["kind"] == "ClusterRole" else body


def _secret(where: str, body: Object) -> Object:
    """stringData can never be read back, so it becomes data; the texts of data must be base64."""
    data = _texts(where, body, "data")
    for key, value in data.items():
        try:
            base64.b64decode(value.replace("\n", "").encode("ascii"), validate=True)
        except (binascii.Error, ValueError) as exc:
            raise K8sError(f"{where}: data.{key} is not base64; plain text goes into stringData") from exc
    for key, value in _texts(where, body, "stringData").items():
        data[key] = base64.b64encode(value.encode()).decode()
    body = {key: value for key, value in body.items() if key != "stringData"}
    return {**body, "data": data} if data else body


def _texts(where: str, body: Object, field: str) -> dict[str, str]:
    values = body.get(field)
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(part, str) for pair in values.items() for part in pair):
        raise K8sError(f"{where}: {field} of a Secret must be a mapping of texts")
    return copy.copy(values)


def _service(body: Object) -> Object:
    """The protocol is a key of the ports, and servers before 1.21 refuse to apply one that is left to its default."""
    spec = body.get("spec")
    ports = spec.get("ports") if isinstance(spec, Mapping) else None
    if not isinstance(ports, list):
        return body
    told = [_with_protocol(port) if isinstance(port, Mapping) else port for port in ports]
    return {**body, "spec": {**body["spec"], "ports": told}}


def _with_protocol(port: Mapping[str, Any]) -> Object:
    return {**port, "protocol": "TCP" if port.get("protocol") is None else port["protocol"]}


def _cluster_role(body: Object) -> Object:
    """The rules of an aggregated role are the controller's: an empty list there would be a conflict in the next run."""
    if body.get("aggregationRule") and not body.get("rules"):
        return {key: value for key, value in body.items() if key != "rules"}
    return body

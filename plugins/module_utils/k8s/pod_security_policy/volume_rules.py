# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a PodSecurityPolicy about volumes, as CEL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy import cel

Object = Mapping[str, Any]
# What the API server projects into every pod, which a policy takes for a secret.
_TOKEN_SOURCES = (
    "v.projected.sources.all(s,"
    " (has(s.serviceAccountToken) || has(s.configMap) || has(s.downwardAPI))"
    ' && (!has(s.serviceAccountToken) || (s.serviceAccountToken.path == "token"'
    ' && (!has(s.serviceAccountToken.audience) || s.serviceAccountToken.audience == "")))'
    ' && (!has(s.configMap) || s.configMap.name == "kube-root-ca.crt")'
    " && (!has(s.downwardAPI) || !has(s.downwardAPI.items) || s.downwardAPI.items.all(i,"
    ' i.path == "namespace" && has(i.fieldRef) && (!has(i.fieldRef.apiVersion) || i.fieldRef.apiVersion == "v1")'
    ' && i.fieldRef.fieldPath == "metadata.namespace")))'
)


def volume_rules(spec: Object) -> Iterator[tuple[str, str, str]]:
    """(field, expression, message) of each rule about volumes."""
    types = list(spec.get("volumes") or ())
    if "*" not in types:
        yield (
            "volumes",
            _every_volume(_of_types(types)),
            f"volumes must be of these types: {', '.join(types) or 'none'}",
        )
    paths = spec.get("allowedHostPaths") or ()
    if paths:
        prefixes = ", ".join(f"{row['pathPrefix']}{' (read-only)' if row.get('readOnly') else ''}" for row in paths)
        yield "allowedHostPaths", _every_volume(_of_paths(paths)), f"paths of the host must be below {prefixes}"
    for source, field, key in (("flexVolume", "allowedFlexVolumes", "driver"), ("csi", "allowedCSIDrivers", "name")):
        drivers = [str(row[key]) for row in spec.get(field) or ()]
        if drivers:
            allowed = f"(!has(v.{source}) || v.{source}.driver in {cel.text(drivers)})"
            yield (
                field,
                _every_volume(allowed),
                f"{source} volumes must have one of these drivers: {', '.join(drivers)}",
            )


def _every_volume(condition: str) -> str:
    return cel.where_set("object.spec", "volumes", lambda volumes: f"{volumes}.all(v, {condition})", True)


def _of_types(types: Iterable[str]) -> str:
    sources = ["cephfs" if one == "cephFS" else one for one in types if one not in ("none", "*")]
    allowed = [f"has(v.{source})" for source in sources]
    if "secret" in sources and "projected" not in sources:
        allowed.append(f"(has(v.projected) && has(v.projected.sources) && {_TOKEN_SOURCES})")
    return cel.any_of(allowed)


def _of_paths(paths: Iterable[Object]) -> str:
    rows = list(paths)
    writable = [_is_below(row) for row in rows if not row.get("readOnly")]
    readable = [_is_below(row) for row in rows if row.get("readOnly")]
    mounts = "c.volumeMounts.all(m, m.name != v.name || (has(m.readOnly) && m.readOnly))"
    read_only = f"variables.containers.all(c, !has(c.volumeMounts) || {mounts})"
    limited = [cel.all_of([cel.any_of(readable), read_only])] if readable else []
    return f"(!has(v.hostPath) || {cel.any_of([*writable, *limited])})"


def _is_below(row: Object) -> str:
    prefix = str(row["pathPrefix"]).removesuffix("/")
    below = f"v.hostPath.path.startsWith({cel.text(prefix + '/')})"
    return f"(v.hostPath.path == {cel.text(prefix)} || {below})"

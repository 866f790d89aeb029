# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of the audit log of an API server (audit.k8s.io/v1): who asked what, and what came of it.

Objects in them, which may be Secrets, are never shown; of a pod that was made the name and the uid are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import redaction
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    Event,
    Whereabouts,
    key_of,
    mapping_of,
    text_of,
)

_READS = frozenset({"get", "list", "watch"})
_INTO_PODS = frozenset({"exec", "attach", "portforward", "ephemeralcontainers"})
_BUSY = frozenset({"leases", "events", "endpoints", "endpointslices", "tokenreviews", "subjectaccessreviews"})
_STAGES = {"RequestReceived": 0, "ResponseStarted": 1, "Panic": 2, "ResponseComplete": 3}
_POD_NAME, _POD_UID = "authentication.kubernetes.io/pod-name", "authentication.kubernetes.io/pod-uid"
_NODE = "authentication.kubernetes.io/node-name"
_ACCOUNT = "system:serviceaccount:"


def event_of(record: Mapping[str, Any], source: str) -> Event:
    """Raises ValueError where it is no event of an audit."""
    verb = text_of(record, "verb")
    if not verb:
        raise ValueError("it is no event of an audit")
    when = moment.parse(record.get("requestReceivedTimestamp") or record.get("stageTimestamp"))
    ref, user = mapping_of(record, "objectRef"), mapping_of(record, "user")
    code = _code(record)
    resource = "/".join(part for part in (text_of(ref, "resource"), text_of(ref, "subresource")) if part)
    return Event(
        time=when,
        source=source,
        kind=f"{verb} {resource}".strip(),
        summary=_summary(record, verb, resource, ref, code),
        key=text_of(record, "auditID") or key_of("audit", when, verb, text_of(record, "requestURI")),
        severity=_severity(verb, ref, code),
        about=_target(record, ref),
        by=_acting_pod(user),
        actor=text_of(user, "username"),
        details=_details(record, ref, code),
        routine=_is_routine(verb, ref, code, text_of(user, "username")),
        rank=_STAGES.get(text_of(record, "stage"), 0),
    )


def _code(record: Mapping[str, Any]) -> int:
    code = mapping_of(record, "responseStatus").get("code")
    return code if isinstance(code, int) else 0


def _summary(record: Mapping[str, Any], verb: str, resource: str, ref: Mapping[str, Any], code: int) -> str:
    where = "/".join(part for part in (text_of(ref, "namespace"), text_of(ref, "name")) if part)
    target = f"{resource} {where}".strip() or text_of(record, "requestURI").partition("?")[0]
    outcome = " was refused" if code in (401, 403) else f" ended with {code}" if code >= 400 else ""
    command = _command(record)
    return f"{verb} {target}{f': {command}' if command else ''}{outcome}"


def _command(record: Mapping[str, Any]) -> str:
    """What exec was asked to run, which stands in the query, without its secrets."""
    _path, _mark, query = text_of(record, "requestURI").partition("?")
    argv = [value for name, value in parse_qsl(query) if name == "command"] if query else []
    return " ".join(redaction.words(argv))


def _severity(verb: str, ref: Mapping[str, Any], code: int) -> str:
    if text_of(ref, "subresource") in _INTO_PODS:
        return "warning"
    if code in (401, 403):
        return "notice"
    secret = text_of(ref, "resource") == "secrets"
    return "notice" if secret or verb in ("delete", "deletecollection", "impersonate", "escalate", "bind") else "info"


def _is_routine(verb: str, ref: Mapping[str, Any], code: int, user: str) -> bool:
    """What a cluster does all the time: reads of what is no Secret, leases, and its own updates of status."""
    if text_of(ref, "subresource") in _INTO_PODS or code in (401, 403):
        return False
    resource = text_of(ref, "resource")
    if resource in _BUSY or (text_of(ref, "subresource") == "status" and user.startswith("system:")):
        return True
    return verb in _READS and (resource != "secrets" or user.startswith(("system:kube-", "system:node:", "system:api")))


def _target(record: Mapping[str, Any], ref: Mapping[str, Any]) -> Whereabouts:
    namespace, resource = text_of(ref, "namespace"), text_of(ref, "resource")
    if resource == "nodes":
        return Whereabouts(node=text_of(ref, "name"))
    if resource != "pods":
        return Whereabouts(namespace=namespace)
    made = mapping_of(mapping_of(record, "responseObject"), "metadata")
    return Whereabouts(
        namespace=namespace,
        pod=text_of(ref, "name") or text_of(made, "name"),
        pod_uid=text_of(ref, "uid") or text_of(made, "uid"),
    )


def _acting_pod(user: Mapping[str, Any]) -> Whereabouts | None:
    """The pod whose token it was, which the API server knows of tokens that are bound to one."""
    extra, name = mapping_of(user, "extra"), text_of(user, "username")
    pod, uid = _first(extra, _POD_NAME), _first(extra, _POD_UID)
    if not (pod or uid) or not name.startswith(_ACCOUNT):
        return None
    namespace = name[len(_ACCOUNT) :].partition(":")[0]
    return Whereabouts(namespace=namespace, pod=pod, pod_uid=uid, node=_first(extra, _NODE))


def _first(extra: Mapping[str, Any], name: str) -> str:
    values = extra.get(name)
    return str(values[0]) if isinstance(values, list) and values else ""


def _details(record: Mapping[str, Any], ref: Mapping[str, Any], code: int) -> dict[str, Any]:
    addresses, other = record.get("sourceIPs"), mapping_of(record, "impersonatedUser")
    annotations = mapping_of(record, "annotations")
    return {
        "code": code or "",
        "resource": text_of(ref, "resource"),
        "name": text_of(ref, "name"),
        "source_ips": ", ".join(map(str, addresses)) if isinstance(addresses, list) else "",
        "user_agent": text_of(record, "userAgent"),
        "impersonated": text_of(other, "username"),
        "decision": text_of(annotations, "authorization.k8s.io/decision"),
        "granted_by": text_of(annotations, "authorization.k8s.io/reason"),
    }

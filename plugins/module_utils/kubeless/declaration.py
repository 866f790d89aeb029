# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions, triggers and runtimes of Kubeless from a short declaration.

Kubeless's controllers put handler, checksum and address of a function into a shell command of the pod, unquoted. What
could end that command is refused here, and once more by the schema of the role's CustomResourceDefinitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_API = "kubeless.io/v1beta1"
_LABEL = "created-by"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_HANDLER = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}")
_CONTENT_TYPE = re.compile(r"(text|base64|url)(\+(zip|compressedtar))?(\+deps)?")
_ADDRESS = re.compile(r"https?://[^\s'\"\\`$;&|<>]+")
_RUNTIME = re.compile(r"([A-Za-z_-]+)([0-9][0-9.]*)")
_TOPIC = re.compile(r"([^\s.*>]+|\*)(\.([^\s.*>]+|\*))*(\.>)?|>")
_CRON_FIELDS = 5

# The keys of a declared function, and where they go in its spec.
_SPEC = {
    "deps": "deps",
    "checksum": "checksum",
    "runtime": "runtime",
    "handler": "handler",
    "deployment": "deployment",
    "service": "service",
    "horizontal_pod_autoscaler": "horizontalPodAutoscaler",
}
_HTTP = {"host_name": "host-name", "path": "path", "tls_secret": "tls-secret", "gateway": "gateway"}


def runtime_images(runtimes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`runtime-images` of Kubeless's configuration: one entry an ID, with its versions. K8sError for what cannot be."""
    found: dict[str, dict[str, Any]] = {}
    for runtime in runtimes:
        parts = _RUNTIME.fullmatch(str(runtime["name"]))
        if parts is None:
            raise K8sError(f"runtime {runtime['name']!r} is called neither like python3.8 nor otherwise ID and version")
        entry = {
            "ID": parts[1],
            "depName": runtime.get("dep_name") or "",
            "fileNameSuffix": runtime.get("file_name_suffix") or "",
        }
        known = found.setdefault(parts[1], {**entry, "versions": []})
        if {key: known[key] for key in entry} != entry:
            raise K8sError(
                f"runtime {runtime['name']}: dep_name and file_name_suffix must be those of all of {parts[1]}"
            )
        known["versions"].append(_version(runtime, parts[1], parts[2]))
    return list(found.values())


def _version(runtime: Mapping[str, Any], identity: str, version: str) -> dict[str, Any]:
    images = [{"phase": "runtime", "image": runtime["image"], "env": runtime.get("env") or {}}]
    if runtime.get("build_image"):
        build = {
            "phase": "installation",
            "image": runtime["build_image"],
            "command": runtime.get("build_command") or "",
        }
        images.insert(0, build)
    return {"name": f"{identity}{version.replace('.', '')}", "version": version, "images": images}


def kubeless_objects(declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Functions, then triggers. K8sError names the first that cannot be meant.

    declared: functions, nats_triggers, http_triggers, cronjob_triggers, runtimes, and the namespace of those that name
    none.
    """
    default = str(declared.get("namespace") or "default")
    functions = _named(declared.get("functions") or (), "function", default)
    runtimes = [str(runtime["name"]) for runtime in declared.get("runtimes") or ()]
    objects = [_function(item, where, runtimes) for where, item in functions.items()]
    for kind, make in (("nats_triggers", _nats), ("http_triggers", _http), ("cronjob_triggers", _cronjob)):
        triggers = _named(declared.get(kind) or (), kind[:-1].replace("_", " "), default)
        objects += [make(item, where, functions) for where, item in triggers.items()]
    return objects


def _named(items: Iterable[Mapping[str, Any]], what: str, default: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """{(namespace, name): item}; each must have a name of its own that Kubernetes takes."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for item in items:
        name, namespace = str(item.get("name", "")), str(item.get("namespace") or default)
        if not _NAME.fullmatch(name):
            raise K8sError(f"{what} {name!r}: a name is of lower case letters, digits and dashes, 63 at most")
        if (namespace, name) in found:
            raise K8sError(f"{what} {namespace}/{name} is declared twice")
        found[namespace, name] = item
    return found


def _function(item: Mapping[str, Any], where: tuple[str, str], runtimes: Sequence[str]) -> dict[str, Any]:
    title = f"function {where[0]}/{where[1]}"
    content_type = str(item.get("function_content_type") or "text")
    _insist(title, "handler", item.get("handler"), _HANDLER, "file.function, each of letters, digits, _ and -")
    _insist(title, "function_content_type", content_type, _CONTENT_TYPE, "text, base64 or url, and +zip, +deps")
    if item.get("checksum"):
        _insist(title, "checksum", item["checksum"], _CHECKSUM, "sha256: and 64 digits")
    if content_type.startswith("url"):
        _insist(title, "function", item.get("function"), _ADDRESS, "an address without quotes and signs of a shell")
    if item.get("runtime") not in runtimes:
        raise K8sError(
            f"{title}: there is no runtime {item.get('runtime')!r}; declared are {', '.join(runtimes) or 'none'}"
        )
    labels = {**(item.get("labels") or {}), _LABEL: "kubeless", "function": where[1]}
    spec = {target: item[key] for key, target in _SPEC.items() if item.get(key)}
    spec |= {"function": item.get("function") or "", "function-content-type": content_type}
    spec["timeout"] = str(item.get("timeout") or 180)
    return _object("Function", where, spec, labels)


def _insist(title: str, key: str, value: Any, pattern: re.Pattern[str], meaning: str) -> None:
    if not pattern.fullmatch(str(value or "")):
        raise K8sError(f"{title}: {key} {value!r} is not {meaning}")


def _object(kind: str, where: tuple[str, str], spec: Mapping[str, Any], labels: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": where[1], "namespace": where[0], "labels": dict(labels)}
    return {"apiVersion": _API, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def _nats(item: Mapping[str, Any], where: tuple[str, str], functions: Mapping[Any, Any]) -> dict[str, Any]:
    title = f"nats trigger {where[0]}/{where[1]}"
    _insist(title, "topic", item.get("topic"), _TOPIC, "a subject of NATS")
    labels = item.get("function_selector") or {"function": _called(title, item, where, functions)}
    selector = {"matchLabels": {_LABEL: "kubeless", **labels}}
    return _object("NATSTrigger", where, {"topic": item["topic"], "functionSelector": selector}, {_LABEL: "kubeless"})


def _http(item: Mapping[str, Any], where: tuple[str, str], functions: Mapping[Any, Any]) -> dict[str, Any]:
    name = _called(f"http trigger {where[0]}/{where[1]}", item, where, functions)
    spec = {"function-name": name, **{target: item[key] for key, target in _HTTP.items() if item.get(key)}}
    return _object("HTTPTrigger", where, spec, {_LABEL: "kubeless"})


def _cronjob(item: Mapping[str, Any], where: tuple[str, str], functions: Mapping[Any, Any]) -> dict[str, Any]:
    title = f"cronjob trigger {where[0]}/{where[1]}"
    schedule = str(item.get("schedule") or "")
    if len(schedule.split()) != _CRON_FIELDS:
        raise K8sError(f"{title}: schedule {schedule!r} has not the five fields of cron")
    spec = {"function-name": _called(title, item, where, functions), "schedule": schedule}
    return _object("CronJobTrigger", where, spec, {_LABEL: "kubeless"})


def _called(title: str, item: Mapping[str, Any], where: tuple[str, str], functions: Mapping[Any, Any]) -> str:
    name = str(item.get("function") or "")
    if (where[0], name) not in functions:
        raise K8sError(f"{title}: there is no function {name!r} declared in namespace {where[0]}")
    return name

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the response engine from the variables of its role, and the files that go with it.

The user names files of the controller. The engine finds them in its own folder of secrets, under names that do not
depend on where they came from, and its configuration names them there. No secret is ever in the configuration itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

DEPLOYMENT = "deployment"
HOST = "host"
KUBELESS = "kubeless"
ONCE = "once"
"""One alert, on the controller: there is neither a stream nor a pod."""

_IN_POD = "/var/run/secrets/kubernetes.io/serviceaccount"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

# The options of a section that name files, and what the file is called where the engine runs.
_FILES: dict[str, dict[str, str]] = {
    "nats": {
        "ca_file": "nats-ca.crt",
        "cert_file": "nats.crt",
        "key_file": "nats.key",
        "nkey_seed_file": "nats.seed",
    },
    "kubernetes": {
        "ca_file": "kubernetes-ca.crt",
        "token_file": "kubernetes.token",
        "cert_file": "kubernetes.crt",
        "key_file": "kubernetes.key",
    },
    "ingest": {
        "cert_file": "ingest.crt",
        "key_file": "ingest.key",
        "client_ca_file": "ingest-ca.crt",
        "token_file": "ingest.token",
    },
}
# Passed on as they are, under the same name.
_PLAIN = (
    "source",
    "allowed_namespaces",
    "protected_namespaces",
    "protected_images",
    "known",
    "dry_run",
    "limits",
    "rules",
)


def folder_of_secrets(name: str) -> str:
    """Where the engine of this name finds its secrets."""
    return f"/etc/{name}/secrets"


def secret_files(options: Mapping[str, Any]) -> dict[str, str]:
    """The name of each file at the engine to its path on the controller. K8sError for names that cannot be."""
    found = {
        name: str(options[section][option])
        for section, names in _FILES.items()
        for option, name in names.items()
        if (options.get(section) or {}).get(option)
    }
    for name, source in (options.get("secrets") or {}).items():
        if not _NAME.fullmatch(name) or name in found:
            raise K8sError(f"response_engine_secrets: a file cannot be called {name!r}, or is called so already")
        found[name] = str(source)
    return found


def engine_configuration(options: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as the engine reads it. K8sError for what does not fit together.

    options: the variables of the role without its prefix, and the backend.
    """
    host = options["backend"] in (HOST, ONCE)
    _refuse_what_does_not_fit(options, host)
    health = options.get("health_port")
    return {
        "nats": _nats(options),
        "record": {**(options.get("record") or {}), "log_file": _log_file(options, host)},
        "kubernetes": _kubernetes(options, host),
        "docker": {"socket": options["docker_socket"]} if options.get("docker_socket") else None,
        "ingest": _ingest(options),
        "health": {"listen": f"0.0.0.0:{health}"} if health and options["backend"] != KUBELESS else None,
        "own_namespace": options["namespace"],
        **{name: options[name] for name in _PLAIN if options.get(name) is not None},
    }


def _refuse_what_does_not_fit(options: Mapping[str, Any], host: bool) -> None:
    if options["backend"] not in (KUBELESS, ONCE) and not (options.get("nats") or {}).get("servers"):
        raise K8sError("response_engine_nats.servers is needed: the engine takes its alerts from there")
    if options.get("docker_socket") and not host:
        raise K8sError(
            "response_engine_docker_socket is for the backend host: a pod with the socket of its node owns the node"
        )
    if options.get("ingest") and options["backend"] == KUBELESS:
        raise K8sError("response_engine_ingest: a Function of Kubeless has no ingest, its trigger calls it")
    missing = sorted(set(_named_secrets(options)) - set(secret_files(options)))
    if missing:
        raise K8sError(f"rules name secrets that response_engine_secrets does not have: {', '.join(missing)}")
    if options["backend"] == DEPLOYMENT:
        _refuse_evidence_without_a_volume(options)


def _refuse_evidence_without_a_volume(options: Mapping[str, Any]) -> None:
    """The root of the engine's container cannot be written to, and a step that fails ends its rule."""
    mounts = [str(mount.get("mountPath", "")).rstrip("/") for mount in options.get("volume_mounts") or ()]
    for rule in options.get("rules") or ():
        for step in rule.get("steps") or ():
            folder = str((step.get("params") or {}).get("folder") or "")
            if step.get("action") != "capture_evidence" or not folder:
                continue
            if not any(folder == mount or folder.startswith(f"{mount}/") for mount in mounts):
                raise K8sError(
                    f"rule {rule.get('name')!r}: nothing can be kept in {folder}: mount a volume there with "
                    "response_engine_volumes and response_engine_volume_mounts"
                )


def _named_secrets(options: Mapping[str, Any]) -> Iterator[str]:
    """The names of files in the folder of secrets that any text of the rules has."""
    folder = f"{folder_of_secrets(options['name'])}/"
    for text in _texts(options.get("rules")):
        if text.startswith(folder):
            yield text[len(folder) :]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _log_file(options: Mapping[str, Any], host: bool) -> str:
    default = f"/var/log/{options['name']}/decisions.jsonl" if host else "-"
    return str((options.get("record") or {}).get("log_file") or default)


def _section(options: Mapping[str, Any], section: str) -> dict[str, Any]:
    """A section of which files are named as the engine finds them."""
    folder = folder_of_secrets(options["name"])
    given = {key: value for key, value in (options.get(section) or {}).items() if value not in (None, "")}
    return {key: f"{folder}/{_FILES[section][key]}" if key in _FILES[section] else given[key] for key in given}


def _nats(options: Mapping[str, Any]) -> dict[str, Any] | None:
    section = _section(options, "nats")
    return {**section, "name": options["name"]} if section else None


def _kubernetes(options: Mapping[str, Any], host: bool) -> dict[str, Any] | None:
    section = _section(options, "kubernetes")
    if host:
        return section or None
    own = {} if "cert_file" in section else {"token_file": f"{_IN_POD}/token"}
    return {"server": "https://kubernetes.default.svc", "ca_file": f"{_IN_POD}/ca.crt", **own, **section}


def _ingest(options: Mapping[str, Any]) -> dict[str, Any] | None:
    section = _section(options, "ingest")
    if not section:
        return None
    return {"listen": f"0.0.0.0:{section.pop('port', 2801)}", "format": "falco", **section}

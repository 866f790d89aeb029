# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's configuration: a baseline that is fit for a response, and what a user declares on top of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import (
    FalcoError,
    config_faults,
    release_of,
)

Config = dict[str, Any]
PLATFORMS = ("host", "kubernetes")
RULES_DIR = "/etc/falco/rules.d"

# What names the pod, whatever a rule puts into its own output: a response acts on no pod that another could be taken
# for.
_POD_FIELDS = (
    "container.id",
    "container.image.repository",
    "container.image.tag",
    "k8s.ns.name",
    "k8s.pod.name",
    "k8s.pod.uid",
)
# Alerts as whole JSON, since a response is decided by their fields; metrics, since nobody misses what is dropped in
# silence; a queue with an end, since one without takes all memory and Falco with it when somebody floods it.
_BASELINE: Config = {
    "config_files": [],
    "watch_config_files": True,
    "rules_files": ["/etc/falco/falco_rules.yaml", RULES_DIR],
    "engine": {"kind": "modern_ebpf"},
    "load_plugins": ["container"],
    "plugins": [
        {
            "name": "container",
            "library_path": "libcontainer.so",
            "init_config": {"label_max_len": 100, "with_size": False},
        }
    ],
    "plugins_hostinfo": True,
    "priority": "notice",
    "rule_matching": "first",
    "time_format_iso_8601": True,
    "json_output": True,
    "json_include_output_property": True,
    "json_include_output_fields_property": True,
    "json_include_tags_property": True,
    "append_output": [
        {"suggested_output": True},
        {"match": {"source": "syscall"}, "extra_fields": list(_POD_FIELDS)},
    ],
    "buffered_outputs": False,
    "outputs_queue": {"capacity": 100_000},
    "output_timeout": 2000,
    "log_level": "info",
    "log_stderr": True,
    "syscall_event_drops": {"threshold": 0.1, "actions": ["log", "alert"], "rate": 0.03333, "max_burst": 1},
    "metrics": {
        "enabled": True,
        "interval": "15m",
        "output_rule": False,
        "rules_counters_enabled": True,
        "resource_utilization_enabled": True,
        "state_counters_enabled": True,
        "kernel_event_counters_enabled": True,
        "libbpf_stats_enabled": False,
        "plugins_metrics_enabled": True,
        "convert_memory_to_mb": True,
    },
}
_OF_PLATFORM: Mapping[str, Config] = {
    "host": {
        # The unit of Falco's packages throws its standard output away.
        "stdout_output": {"enabled": False},
        "syslog_output": {"enabled": True},
        "log_syslog": True,
    },
    "kubernetes": {
        "stdout_output": {"enabled": True},
        "syslog_output": {"enabled": False},
        "log_syslog": False,
    },
}
# The kubelet asks at the address of the pod, and nobody else needs to on a host.
_LISTENS = {"host": "127.0.0.1", "kubernetes": "0.0.0.0"}


def falco_config(declared: Any, *, version: str, platform: str, http_output: Mapping[str, Any] | None = None) -> Config:
    """The whole configuration. Raises FalcoError with every fault of it in one sentence.

    declared: keys of falco.yaml; a dictionary goes over the baseline key by key, everything else in its place.
    http_output: the receiver of alerts, {url, ca_cert, client_cert, client_key}, and any key of Falco's http_output.
    """
    if platform not in PLATFORMS:
        raise FalcoError(f"the platform is one of {', '.join(PLATFORMS)}, not {platform!r}")
    release = release_of(version)
    if not isinstance(declared, Mapping):
        raise FalcoError("the configuration is a dictionary of keys of falco.yaml")
    config = merged(merged(_BASELINE, _OF_PLATFORM[platform]), {"webserver": _webserver(platform)})
    config = merged(merged(config, {"http_output": _receiver(http_output)} if http_output else {}), declared)
    faults = config_faults(config, release)
    if faults:
        raise FalcoError("; ".join(faults))
    return config


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Config:
    """`over` goes over `base`: dictionaries key by key, everything else in its place."""
    result = copy.deepcopy(dict(base))
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


def _webserver(platform: str) -> Config:
    return {
        "enabled": True,
        "listen_address": _LISTENS[platform],
        "listen_port": 8765,
        "k8s_healthz_endpoint": "/healthz",
        "prometheus_metrics_enabled": True,
        "ssl_enabled": False,
    }


def _receiver(http_output: Mapping[str, Any]) -> Config:
    """With a certificate where one is given: Falco can send no token, so that it is all it can prove itself with."""
    given = {key: value for key, value in http_output.items() if value not in (None, "")}
    mutual = bool(given.get("client_cert") or given.get("client_key"))
    return {"enabled": True, "insecure": False, "keep_alive": True, **({"mtls": True} if mutual else {}), **given}

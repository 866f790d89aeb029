# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of Falco's configuration and the type of each, as Falco 0.43 and 0.44 know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

BOOL = "true or false"
INT = "a whole number"
NUMBER = "a number"
TEXT = "text"
ANY = "anything"


@dataclass(frozen=True)
class Either:
    """A value of one of these types."""

    kinds: tuple[Kind, ...]


# A name above, the choices of a text, a list of what stands in it, or an object by its keys.
Kind = Union[str, "frozenset[str]", "list[Any]", Mapping[str, Any], Either]

PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "info", "debug")
_LOG_LEVELS = frozenset({"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"})
_SEVERITIES = frozenset({"fatal", "critical", "error", "warning", "notice", "info", "debug", "trace"})
_SWITCH: Mapping[str, Any] = {"enabled": BOOL}
_ABLE: Mapping[str, Any] = {"rule": TEXT, "tag": TEXT}
_SOCKETS: Mapping[str, Any] = {"enabled": BOOL, "sockets": [TEXT], "disable_async": BOOL}

CONFIG_KEYS: Mapping[str, Any] = {
    "append_output": [
        {
            "match": {"rule": TEXT, "source": TEXT, "tags": [TEXT]},
            "extra_output": TEXT,
            "extra_fields": [Either((TEXT, ANY))],
            "suggested_output": BOOL,
        }
    ],
    "base_syscalls": {"all": BOOL, "custom_set": [TEXT], "repair": BOOL},
    "buffer_format_base64": BOOL,
    "buffered_outputs": BOOL,
    "capture": {
        "enabled": BOOL,
        "path_prefix": TEXT,
        "mode": frozenset({"rules", "all_rules"}),
        "default_duration": INT,
        "max_file_size_mb": INT,
    },
    "config_files": [Either((TEXT, {"path": TEXT, "strategy": frozenset({"append", "override", "add-only"})}))],
    "container_engines": {
        **dict.fromkeys(("bpm", "docker", "libvirt_lxc", "lxc", "podman"), _SWITCH),
        "cri": _SOCKETS,
    },
    "engine": {
        "kind": frozenset({"kmod", "ebpf", "modern_ebpf", "gvisor", "replay", "nodriver"}),
        "kmod": {"buf_size_preset": INT, "drop_failed_exit": BOOL},
        "ebpf": {"probe": TEXT, "buf_size_preset": INT, "drop_failed_exit": BOOL},
        "modern_ebpf": {
            "cpus_for_each_buffer": INT,
            "buf_size_preset": INT,
            "drop_failed_exit": BOOL,
            "disable_iterators": BOOL,
        },
        "gvisor": {"config": TEXT, "root": TEXT},
        "replay": {"capture_file": TEXT},
    },
    "falco_libs": {
        "thread_table_size": INT,
        "thread_table_auto_purging_interval_s": INT,
        "thread_table_auto_purging_thread_timeout_s": INT,
        "snaplen": INT,
    },
    "file_output": {"enabled": BOOL, "keep_alive": BOOL, "filename": TEXT},
    "grpc": {"enabled": BOOL, "bind_address": TEXT, "threadiness": INT},
    "grpc_output": _SWITCH,
    "http_output": {
        **dict.fromkeys(("enabled", "insecure", "mtls", "echo", "compress_uploads", "keep_alive"), BOOL),
        **dict.fromkeys(("url", "user_agent", "ca_cert", "ca_bundle", "ca_path", "client_cert", "client_key"), TEXT),
        "max_consecutive_timeouts": INT,
    },
    "json_include_message_property": BOOL,
    "json_include_output_fields_property": BOOL,
    "json_include_output_property": BOOL,
    "json_include_tags_property": BOOL,
    "json_output": BOOL,
    "libs_logger": {"enabled": BOOL, "severity": _SEVERITIES},
    "load_plugins": [TEXT],
    "log_level": _LOG_LEVELS,
    "log_stderr": BOOL,
    "log_syslog": BOOL,
    "metrics": {
        "enabled": BOOL,
        "interval": TEXT,
        "output_rule": BOOL,
        "output_file": TEXT,
        **{
            f"{name}_enabled": BOOL
            for name in (
                "jemalloc_stats",
                "kernel_event_counters",
                "kernel_event_counters_per_cpu",
                "kernel_iter_event_counters",
                "libbpf_stats",
                "plugins_metrics",
                "resource_utilization",
                "rules_counters",
                "state_counters",
            )
        },
        "convert_memory_to_mb": BOOL,
        "include_empty_values": BOOL,
    },
    "output_timeout": INT,
    "outputs_queue": {"capacity": INT},
    "plugins": [{"name": TEXT, "library_path": TEXT, "open_params": TEXT, "init_config": ANY}],
    "plugins_hostinfo": BOOL,
    "priority": frozenset(PRIORITIES),
    "program_output": {"enabled": BOOL, "keep_alive": BOOL, "program": TEXT},
    "rule_matching": frozenset({"first", "all"}),
    "rules": [{"enable": _ABLE, "disable": _ABLE}],
    "rules_files": [TEXT],
    "static_fields": ANY,
    "stdout_output": _SWITCH,
    "syscall_event_drops": {
        "threshold": NUMBER,
        "actions": [frozenset({"ignore", "log", "alert", "exit"})],
        "rate": NUMBER,
        "max_burst": INT,
        "simulate_drops": BOOL,
    },
    "syscall_event_timeouts": {"max_consecutives": INT},
    "syslog_output": _SWITCH,
    "time_format_iso_8601": BOOL,
    "watch_config_files": BOOL,
    "webserver": {
        "enabled": BOOL,
        "threadiness": INT,
        "listen_port": INT,
        "listen_address": TEXT,
        "k8s_healthz_endpoint": TEXT,
        "prometheus_metrics_enabled": BOOL,
        "ssl_enabled": BOOL,
        "ssl_certificate": TEXT,
    },
}

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "config_files[]": ("path",),
    "engine": ("kind",),
    "engine.ebpf": ("probe",),
    "engine.gvisor": ("config", "root"),
    "engine.replay": ("capture_file",),
    "plugins[]": ("name", "library_path"),
    "program_output": ("program",),
}
"""By the path of an object, the keys that it cannot do without."""

Release = tuple[int, int]
SINCE: Mapping[str, Release] = dict.fromkeys(
    ("capture.max_file_size_mb", "engine.modern_ebpf.disable_iterators", "metrics.kernel_iter_event_counters_enabled"),
    (0, 44),
)
"""The keys that came later than 0.43, and when."""

GONE: Mapping[str, tuple[Release, str]] = {
    "container_engines": ((0, 44), "the plugin container does it: plugins[].init_config.engines"),
    "engine.ebpf": ((0, 44), "take engine.kind modern_ebpf"),
    "engine.gvisor": ((0, 44), "there is nothing in its place"),
    "engine.kind=ebpf": ((0, 44), "take modern_ebpf"),
    "engine.kind=gvisor": ((0, 44), "there is nothing in its place"),
    "grpc": ((0, 44), "take http_output"),
    "grpc_output": ((0, 44), "take http_output"),
}
"""The keys and values (key=value) that were dropped, when, and what to do."""

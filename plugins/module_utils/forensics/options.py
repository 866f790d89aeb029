# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of container_evidence; the module's DOCUMENTATION describes them."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import CAPTURE_TOOLS, PARTS
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    connection_argument_spec,
)

Spec = dict[str, dict[str, Any]]


def argument_spec() -> Spec:
    """The argument spec."""
    return {
        **connection_argument_spec(),
        "folder": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["present", "verified"], "default": "present"},
        **{name: {"type": "str"} for name in ("case", "reason", "investigator", "controller", "handover")},
        "containers": {"type": "list", "elements": "dict", "default": [], "options": _container()},
        "pods": {"type": "list", "elements": "dict", "default": [], "options": _pod()},
        "docker_host": {"type": "str", "default": "unix:///var/run/docker.sock"},
        **{name: {"type": "bool", "default": False} for name in ("pod_containers", "pause", "keep_paused", "archive")},
        "parts": {"type": "list", "elements": "str", "choices": list(PARTS)},
        **{name: {"type": "int", "default": default} for name, default in _SIZES.items()},
        "capture": {"type": "dict", "options": _capture()},
        "sets": {"type": "list", "elements": "str", "default": []},
        "expected": {"type": "dict", "default": {}},
        "upload_ca_path": {"type": "path"},
    }


_SIZES = {
    "log_lines": 10000,
    "log_mb": 50,
    "max_files": 500,
    "max_file_mb": 10,
    "max_files_mb": 200,
    "min_free_mb": 1024,
}


def _container() -> Spec:
    return {"name": {"type": "str"}, "id": {"type": "str"}, "upload_url": {"type": "str", "no_log": True}}


def _pod() -> Spec:
    names: Spec = {name: {"type": "str", "required": True} for name in ("namespace", "name")}
    return {**names, "uid": {"type": "str"}, "upload_url": {"type": "str", "no_log": True}}


def _capture() -> Spec:
    return {
        "tool": {"type": "str", "choices": list(CAPTURE_TOOLS), "default": "tcpdump"},
        "seconds": {"type": "float", "default": 30.0},
        "max_mb": {"type": "int", "default": 100},
        "filter": {"type": "str"},
    }

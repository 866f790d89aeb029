# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether whoever pulls images on a host is told to take signed ones only (DOCKER_CONTENT_TRUST)."""

from __future__ import annotations

import re

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import Facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import DaemonView
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles

# What every login reads, in the order in which it is read. A variable in dockerd's own unit changes nothing, for it is
# the client that checks signatures.
_FILES = ("/etc/environment", "/etc/security/pam_env.conf", "/etc/profile", "/etc/profile.d/*.sh", "/etc/bash.bashrc")
_SETTING = re.compile(r"^\s*(?:export\s+)?DOCKER_CONTENT_TRUST(?:=|\s+DEFAULT=)[\"']?([^\"'\s;#]*)", re.MULTILINE)
_TRUE = {"1", "t", "T", "TRUE", "true", "True"}


def content_trust_facts(view: DaemonView) -> Facts:
    """{content_trust, content_trust_set: [{path, value}]}: on where the last word of a login's files is yes, or where
    the daemon itself enforces it (`content-trust` of daemon.json)."""
    if view.paths is None:
        return {"unknown": {"content_trust": view.process_missing}}
    found = _settings(view.paths.files)
    enforced = (view.setting("content-trust") or {}).get("mode") == "enforced"
    told = bool(found) and found[-1]["value"] in _TRUE
    return {"content_trust": enforced or told, "content_trust_set": found}


def _settings(files: HostFiles) -> list[dict[str, str]]:
    paths = [path for name in _FILES for path in (files.glob(name) if "*" in name else [name])]
    return [{"path": path, "value": value} for path in paths for value in _SETTING.findall(files.read(path) or "")]

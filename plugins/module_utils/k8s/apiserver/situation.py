# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is: the installation, its flags, its release, and what we have changed in it so far."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import Release
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.health import (
    Endpoint,
    endpoint_of,
    parse_release,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.k3s_config import (
    K3sConfig,
    file_with_flags,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.record import Record
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.static_pod import StaticPod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import (
    fingerprint,
    read_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

STATIC_POD, K3S = "static_pod", "k3s"
_MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
_K3S_CONFIG = "/etc/rancher/k3s/config.yaml"
_K3S_CLIENT_CA = "/var/lib/rancher/k3s/server/tls/client-ca.crt"
_CONFIG_DIRS = {STATIC_POD: "/etc/kubernetes/bulkhead", K3S: "/var/lib/rancher/k3s/server/bulkhead"}
_VERSION_TIMEOUT = 30


@dataclass(frozen=True)
class Situation:
    """One API server as it is configured. Exactly one of `pod` and `k3s` is there."""

    path: str
    text: str | None
    flags: Mapping[str, list[str]]
    release: Release
    endpoint: Endpoint
    record: Record
    config_dir: str
    pod: StaticPod | None = None
    k3s: K3sConfig | None = None

    @property
    def installation(self) -> str:
        """static_pod or k3s."""
        return STATIC_POD if self.pod else K3S

    @property
    def given(self) -> Mapping[str, list[str]]:
        """The flags that the file holds, without what k3s adds by itself."""
        return self.k3s.given if self.k3s else self.flags

    @property
    def cluster_authority(self) -> str | None:
        """A fingerprint of the authority of client certificates, which servers of one cluster share; None: unknown."""
        path = (self.flags.get("client-ca-file") or [_K3S_CLIENT_CA])[-1]
        text = read_text(path)
        return fingerprint(text) if text else None

    @property
    def owner(self) -> tuple[int, int]:
        """Who must be able to read the API server's files."""
        return (self.pod.run_as_user if self.pod else 0, -1)


def look(params: Mapping[str, Any]) -> Situation:
    """The API server of this host. Raises K8sError where there is none, or its configuration cannot be understood."""
    installation, path = _find(params)
    pod = k3s = None
    if installation == STATIC_POD:
        text = read_text(path)
        if text is None:
            raise K8sError(f"{path} is not there: this host runs no API server as a static pod, or it lies elsewhere")
        pod = StaticPod(path, text)
        flags = pod.flags
    else:
        k3s = K3sConfig(path, str(params["path"] or _K3S_CONFIG))
        text = read_text(path)
        flags = k3s.flags
    return Situation(
        path=path,
        text=text,
        flags=flags,
        release=_release(params, pod, flags),
        endpoint=endpoint_of(flags, params["address"]),
        record=Record(str(params["state_dir"]), path),
        config_dir=str(params["config_dir"] or _CONFIG_DIRS[installation]),
        pod=pod,
        k3s=k3s,
    )


def _find(params: Mapping[str, Any]) -> tuple[str, str]:
    """(installation, path of the file that holds the flags)."""
    installation, path = params["installation"], params["path"]
    if installation == "auto":
        if path:
            installation = (
                K3S if re.search(r"(?m)^kind: *Pod|\"kind\": *\"Pod\"", read_text(path) or "") is None else STATIC_POD
            )
        elif os.path.exists(_MANIFEST):
            installation = STATIC_POD
        elif os.path.isdir(os.path.dirname(_K3S_CONFIG)) or shutil.which("k3s"):
            installation = K3S
        else:
            raise K8sError(
                f"This host has neither {_MANIFEST} nor k3s: run this on the control plane, or name the file with path"
            )
    if installation == STATIC_POD:
        return STATIC_POD, str(path or _MANIFEST)
    return K3S, file_with_flags(str(path or _K3S_CONFIG))


def _release(params: Mapping[str, Any], pod: StaticPod | None, flags: Mapping[str, list[str]]) -> Release:
    """What runs after a restart: as the user says, by the image's tag, by k3s itself, or as the server says."""
    if params["kubernetes_version"]:
        found = parse_release(str(params["kubernetes_version"]))
        if found is None:
            raise K8sError(f"kubernetes_version: {params['kubernetes_version']!r} is no release such as 1.28")
        return found
    # A tag that is no full release, such as a mirror's own numbers, says nothing.
    tag = re.search(r":(v\d+\.\d+\.\d+[^@:/]*)(@|\Z)", str(pod.container.get("image") or "") if pod else "")
    found = parse_release(tag[1]) if tag else None
    found = found or (_k3s_release() if pod is None else None) or endpoint_of(flags, params["address"]).version()
    if found is None:
        raise K8sError(
            "Which release of Kubernetes this is cannot be told from the image or from the server: "
            "set kubernetes_version, such as 1.28"
        )
    return found


def _k3s_release() -> Release | None:
    program = shutil.which("k3s")
    if program is None:
        return None
    try:
        # AnsibleModule.run_command has no time limit.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [program, "--version"], check=False, capture_output=True, text=True, timeout=_VERSION_TIMEOUT
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_release(" ".join(done.stdout.split()[:3]))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of container_evidence: from the options of the module to its result."""

from __future__ import annotations

import getpass
import os
import platform
import signal
from collections.abc import Mapping
from types import FrameType
from typing import Any, NoReturn

from ansible.module_utils.ansible_release import __version__

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import seal
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.collection import (
    Collection,
    verified,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import request_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.take import Custodian, Taker
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.upload import check_url
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import connect

Outcome = tuple[dict[str, Any], str]
_TOOL = f"bulkhead.container_security.container_evidence, format {seal.SCHEMA_VERSION}, ansible-core {__version__}"


def run(params: Mapping[str, Any], *, check: bool) -> Outcome:
    """The module's result, and what went wrong, empty where nothing did. `warnings` are to be given apart.

    Raises ForensicsError for unusable options, DockerError, K8sError.
    """
    signal.signal(signal.SIGTERM, _end)
    return _verified(params, check) if params["state"] == "verified" else _present(params, check)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """End by an exception, so that a paused container goes on and nothing half stays."""
    raise SystemExit(143)


def _present(params: Mapping[str, Any], check: bool) -> Outcome:
    request = request_from(params)
    containers, pods = params["containers"], params["pods"]
    if not containers and not pods:
        raise ForensicsError("Nothing is named: give containers or pods")
    for number, entry in enumerate([*containers, *pods]):
        if entry.get("upload_url"):
            check_url(entry["upload_url"], f"upload_url of subject {number + 1}")
    cluster = connect(params) if pods else None
    engine = _engine(params) if containers or (pods and request.pod_containers) else None
    os.umask(0o077)
    taker = Taker(request, _custodian(params), engine, cluster)
    collection = Collection(taker, check=check, archives=params["archive"], upload_ca=params["upload_ca_path"])
    rows = list(collection.run(containers, pods))
    changed = [row for row in rows if row.pop("archived", False) or row["action"] == "taken" or "uploaded" in row]
    result: dict[str, Any] = {"changed": bool(changed), "evidence": rows}
    result["warnings"] = [warning for row in rows for warning in _warnings(row)]
    failed = [row for row in rows if row["message"]]
    return result, "; ".join(row["message"] for row in failed)


def _warnings(row: Mapping[str, Any]) -> list[str]:
    faults = [part for part in row.get("parts", ()) if part["status"] == "error"] if row["action"] == "taken" else []
    return [f"{row['path']}: {part['name']} could not be taken: {part['reason']}" for part in faults]


def _verified(params: Mapping[str, Any], check: bool) -> Outcome:
    expected = {str(name): str(digest) for name, digest in params["expected"].items()}
    rows = list(verified(params["folder"], params["sets"], expected))
    broken = [row for row in rows if row["problems"]]
    handed = [row for row in rows if params["handover"] and not row["problems"]]
    if not check:
        for row in handed:
            line = _custodian(params).line(details={"what": params["handover"]})
            row["custody_head"] = seal.append_custody(row["path"], event="handed over", **line)
    failure = "; ".join(f"{row['path']}: {row['problems'][0]}" for row in broken)
    return {"changed": bool(handed), "evidence": rows}, failure and f"The evidence is not as it was sealed. {failure}"


def _engine(params: Mapping[str, Any]) -> Engine:
    if not params["docker_host"].startswith("unix://"):
        raise ForensicsError(
            f"docker_host is {params['docker_host']}, and evidence is taken on the host itself: unix:///path/to/socket"
        )
    return Engine(params["docker_host"], timeout=float(params["timeout"]))


def _custodian(params: Mapping[str, Any]) -> Custodian:
    who = {
        "user": _user(),
        "sudo_user": os.environ.get("SUDO_USER", ""),
        "investigator": params.get("investigator") or "",
        "controller": params.get("controller") or "",
    }
    return Custodian({key: value for key, value in who.items() if value}, platform.node(), _TOOL)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a uid that has no name
        return str(os.getuid())

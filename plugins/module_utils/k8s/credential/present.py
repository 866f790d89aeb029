# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State present of k8s_credential: judge what is there, issue where it does not serve, put the file in its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import token
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import stamp
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.issue import (
    Verdict,
    addressed,
    issue,
    judge,
    lifetime_warnings,
    proof_of,
    wanted_user,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import (
    Held,
    check_folder,
    kubeconfig_text,
    private_file,
    read_kubeconfig,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.subject import CERTIFICATE
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def present(cluster: Cluster, module: AnsibleModule) -> dict[str, Any]:
    """The result of the module. Raises K8sError; then the file is as it was."""
    params = dict(module.params)
    _check(params)
    before = _read(params)
    verdict = judge(cluster, params, before)
    if verdict.reasons and module.check_mode:
        return _predicted(cluster, params, verdict)
    held = addressed(cluster, params, issue(cluster, params) if verdict.reasons or before is None else before)
    changed = bool(verdict.reasons)
    if params.get("path"):
        changed = _place(module, held, differs=held != before) or changed
    result = _result(cluster, params, verdict, held)
    if params["return_content"]:
        result["kubeconfig"] = kubeconfig_text(held, wanted_user(params))
    return {**result, "changed": changed}


def _check(params: Mapping[str, Any]) -> None:
    """Raise K8sError where the options do not go together; nothing has been asked of the cluster yet."""
    needed = "user" if params["type"] == CERTIFICATE else "service_account"
    if not params.get(needed):
        raise K8sError(f"type {params['type']} needs {needed}")
    if not params.get("path") and not params["return_content"]:
        raise K8sError("Nobody would get the credential: give path, or set return_content")
    if params.get("expiration_seconds") is not None and params["expiration_seconds"] < 600:
        raise K8sError(f"expiration_seconds is {params['expiration_seconds']}; the API takes 600 and more")
    if params.get("renew_before") is not None and params["renew_before"] < 0:
        raise K8sError("renew_before must not be negative")


def _read(params: dict[str, Any]) -> Held | None:
    if not params.get("path"):
        return None
    params["path"] = os.path.realpath(params["path"])
    own = params.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"
    if params["path"] in (os.path.realpath(os.path.expanduser(name)) for name in own.split(os.pathsep)):
        raise K8sError(f"path: {params['path']} is the kubeconfig that this very task uses; name another")
    check_folder(params["path"])
    return read_kubeconfig(params["path"])


def _place(module: AnsibleModule, held: Held, *, differs: bool) -> bool:
    """Write the file whole, with its owner and mode from the first moment; whether anything changed."""
    path = os.path.realpath(module.params["path"])
    attributes = {**module.load_file_common_arguments(module.params), "path": path}
    if not differs:
        return bool(module.set_fs_attributes_if_different(attributes, False))
    if not module.check_mode:
        with private_file(kubeconfig_text(held, wanted_user(module.params)), beside=path) as temporary:
            module.set_fs_attributes_if_different({**attributes, "path": temporary}, False)
            os.replace(temporary, path)
    return True


def _result(cluster: Cluster, params: Mapping[str, Any], verdict: Verdict, held: Held) -> dict[str, Any]:
    proof = proof_of(held)
    after = proof.described()
    before = verdict.proof.described() if verdict.proof else {}
    return {
        "credential": after,
        "reasons": list(verdict.reasons),
        "warnings": lifetime_warnings(cluster, params, proof) if verdict.reasons else [],
        "diff": _diff(before, after, verdict),
    }


def _predicted(cluster: Cluster, params: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """The result of check mode: what is known of a credential before it is issued."""
    if params["type"] != CERTIFICATE:
        token.service_account(cluster, params["namespace"], params["service_account"])
    seconds = params.get("expiration_seconds")
    end = stamp(datetime.now(timezone.utc) + timedelta(seconds=seconds)) if seconds else "as the cluster decides"
    after = {"user": wanted_user(params), "groups": list(params.get("groups") or ()), "issuer": "", "not_before": "now"}
    after = {**after, "not_after": end, "fingerprint": "of a new one"}
    before = verdict.proof.described() if verdict.proof else {}
    diff = _diff(before, after, verdict)
    return {"changed": True, "credential": after, "reasons": list(verdict.reasons), "diff": diff}


def _diff(before: Mapping[str, Any], after: Mapping[str, Any], verdict: Verdict) -> dict[str, str]:
    reasons = "".join(f"# new, because {reason}\n" for reason in verdict.reasons)
    return {"before": _lines(before), "after": _lines(after) + reasons}


def _lines(described: Mapping[str, Any]) -> str:
    pairs = ((key, ", ".join(value) if isinstance(value, list) else value) for key, value in described.items())
    return "".join(f"{key}: {value}\n" for key, value in pairs)

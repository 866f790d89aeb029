# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS for an engine's TCP socket: certificates are made on the controller, the target gets what it needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.authority_folder import (
    AuthorityFolder,
    expiry_reason,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    MISSING_LIBRARY,
    Authority,
    CertificateError,
    alternative_names,
    canonical_names,
    days_left,
    describe,
    issue_server,
    load_certificate,
)

_COLLECTION = "bulkhead.container_security"
_MODES = {"ca.pem": "0444", "server-cert.pem": "0444", "server-key.pem": "0400"}
_SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "names": {"type": "list", "elements": "str", "default": []},
    "cert_dir": {"type": "path", "default": "/etc/docker/tls"},
    "ca_dir": {"type": "path", "required": True},
    "ca_create": {"type": "bool", "default": True},
    "ca_passphrase": {"type": "str", "no_log": True},
    "ca_common_name": {"type": "str", "default": "Docker Engine API"},
    "ca_valid_days": {"type": "int", "default": 3650},
    "valid_days": {"type": "int", "default": 365},
    "renew_days": {"type": "int", "default": 30},
    "clients": {"type": "list", "elements": "str", "default": []},
    "record": {"type": "path", "default": "/var/lib/bulkhead/docker_tls.json"},
}


class ActionModule(ActionBase):
    """Plan on the controller, look at the target once, and write there only when something has to change."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action's result; see the documentation of the module of the same name."""
        super().run(tmp, task_vars)
        if MISSING_LIBRARY:
            raise AnsibleActionFail(MISSING_LIBRARY)
        validate: Any = self.validate_argument_spec
        _checked, options = validate(argument_spec=_SPEC)
        # Templated values carry tags of ansible-core, which cryptography has no use for.
        params = json.loads(json.dumps(options))
        try:
            if params["state"] == "absent":
                return self._absent(params, task_vars)
            if not params["names"]:
                raise CertificateError("names is empty: a server certificate needs the names that clients reach it by")
            _check_days(params)
            folder = AuthorityFolder(params["ca_dir"], params["ca_passphrase"])
            if self._task.check_mode:
                return self._present(params, folder, task_vars)
            with folder.locked():
                return self._present(params, folder, task_vars)
        except (CertificateError, OSError) as exc:
            # ansible-core would add the message of every cause, which says the same again.
            raise AnsibleActionFail(str(exc)) from None

    def _absent(self, params: Mapping[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        paths = [{"path": entry["path"]} for entry in self._entries(params, {})]
        result = self._files(params, paths, task_vars)
        return {"changed": result["changed"], "renewed": {}, "certificate": {}, "diff": result.get("diff", [])}

    def _present(
        self, params: Mapping[str, Any], folder: AuthorityFolder, task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        held = self._module("docker_tls_info", {"cert_dir": params["cert_dir"]}, task_vars)
        authority = folder.load() if folder.exists else None
        if authority is None and not params["ca_create"]:
            raise CertificateError(f"There is no authority in {folder.folder}: put ca.pem and ca-key.pem there")
        reasons = {"server": server_reason(held, authority, params)}
        for user in params["clients"]:
            reasons[f"client {user}"] = folder.client_reason(authority, user, params["renew_days"])
        if authority is None:
            reasons["authority"] = "missing"
        reasons = {what: why for what, why in reasons.items() if why}
        result = self._apply(params, folder, authority, held, reasons, task_vars)
        return {**result, "renewed": reasons, **self._about(params, result.get("certificate"), held, reasons)}

    def _apply(
        self,
        params: Mapping[str, Any],
        folder: AuthorityFolder,
        authority: Authority | None,
        held: Mapping[str, Any],
        reasons: Mapping[str, str | None],
        task_vars: dict[str, Any] | None,
    ) -> dict[str, Any]:
        """Make what is missing; returns {changed, certificate?: the new server certificate, PEM}."""
        if self._task.check_mode and reasons:
            return {"changed": True}
        if authority is None:
            authority = folder.create(params["ca_common_name"], params["ca_valid_days"])
        for user in params["clients"]:
            if f"client {user}" in reasons:
                folder.issue_client(authority, user, params["valid_days"])
        if "server" in reasons:
            issued = issue_server(authority, params["names"], params["valid_days"])
            entries = {
                "ca.pem": {"content": authority.pem.decode()},
                "server-cert.pem": {"content": issued.certificate.decode()},
                "server-key.pem": {"secret": issued.key.decode()},
            }
            self._files(params, self._entries(params, entries), task_vars)
            return {"changed": True, "certificate": issued.certificate.decode()}
        if held["modes"] != _MODES:
            return {"changed": self._files(params, self._entries(params, {}), task_vars)["changed"] or bool(reasons)}
        return {"changed": bool(reasons)}

    def _entries(self, params: Mapping[str, Any], contents: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
        folder = params["cert_dir"].rstrip("/")
        common = {"owner": "root", "group": "root"}
        return [
            {"path": f"{folder}/{name}", "mode": mode, **common, **contents.get(name, {})}
            for name, mode in _MODES.items()
        ]

    def _about(
        self,
        params: Mapping[str, Any],
        renewed: str | None,
        held: Mapping[str, Any],
        reasons: Mapping[str, str | None],
    ) -> dict[str, Any]:
        """The part of the result that says which certificate is there now, and a diff that shows no key."""
        before = _description(held["certificate"])
        after = _description(renewed) if renewed else before
        if self._task.check_mode and "server" in reasons:
            after = {"names": canonical_names(params["names"]), "not_after": f"in {params['valid_days']} days"}
        folder = params["cert_dir"].rstrip("/")
        paths = {"ca": "ca.pem", "cert": "server-cert.pem", "key": "server-key.pem"}
        return {
            "certificate": after,
            "paths": {key: f"{folder}/{name}" for key, name in paths.items()},
            "diff": {"before": _text(before, {}), "after": _text(after, reasons)},
        }

    def _files(
        self, params: Mapping[str, Any], entries: list[dict[str, Any]], task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        args = {"files": entries, "record": params["record"], "state": params["state"]}
        return self._module("docker_host_files", args, task_vars)

    def _module(self, name: str, args: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(f"{_COLLECTION}.{name}", module_args=args, task_vars=task_vars)
        if result.get("failed"):
            raise AnsibleActionFail(result.get("msg", f"{name} failed on the target"), result=result)
        result.pop("invocation", None)
        return result


def _check_days(params: Mapping[str, Any]) -> None:
    # A certificate of no days would be let in by nobody; the calendar of certificates ends with the year 9999.
    for name, least in (("valid_days", 1), ("ca_valid_days", 1), ("renew_days", 0)):
        if not least <= params[name] <= 36500:
            raise CertificateError(f"{name} is {params[name]}; it must be {least} to 36500 days")


def server_reason(held: Mapping[str, Any], authority: Authority | None, params: Mapping[str, Any]) -> str | None:
    """Why the target needs a new server certificate; None where the present one serves."""
    if authority is None or not held["certificate"] or not held["key"]:
        return "missing"
    try:
        certificate = load_certificate(held["certificate"].encode())
    except CertificateError:
        return "unreadable"
    if not authority.signed(certificate) or (held["ca"] or "").strip() != authority.pem.decode().strip():
        return "issued by another authority"
    if not held["key_matches"]:
        return "the key belongs to another certificate"
    if alternative_names(certificate) != canonical_names(params["names"]):
        return "the names have changed"
    return expiry_reason(days_left(certificate), params["renew_days"], days_left(authority.certificate))


def _description(pem: str | None) -> dict[str, Any]:
    try:
        return describe(load_certificate(pem.encode())) if pem else {}
    except CertificateError:
        return {"subject": "unreadable"}


def _text(certificate: Mapping[str, Any], reasons: Mapping[str, str | None]) -> str:
    lines = [f"{key}: {', '.join(value) if isinstance(value, list) else value}" for key, value in certificate.items()]
    lines += [f"# new: {what}, {why}" for what, why in sorted(reasons.items())]
    return "".join(f"{line}\n" for line in lines)

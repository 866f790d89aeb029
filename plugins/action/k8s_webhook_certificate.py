# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate of a webhook of Kubernetes, in a folder of the controller. Nothing is sent to any target."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    MISSING_LIBRARY,
    CertificateError,
    describe,
    load_certificate,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.webhook_authority import (
    Wanted,
    WebhookAuthority,
)

_SPEC: dict[str, dict[str, Any]] = {
    "folder": {"type": "path", "required": True},
    "names": {"type": "list", "elements": "str", "required": True},
    "ca_passphrase": {"type": "str", "no_log": True},
    "ca_common_name": {"type": "str", "default": "Kubernetes webhook"},
    "ca_valid_days": {"type": "int", "default": 3650},
    "ca_renew_days": {"type": "int", "default": 90},
    "valid_days": {"type": "int", "default": 365},
    "renew_days": {"type": "int", "default": 30},
}


class ActionModule(ActionBase):
    """All happens on the controller, where the authority stays."""

    TRANSFERS_FILES = False
    _requires_connection = False
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
            return _brought(params, dry=bool(self._task.check_mode))
        except (CertificateError, OSError) as exc:
            # ansible-core would add the message of every cause, which says the same again.
            raise AnsibleActionFail(str(exc)) from None


def _brought(params: Mapping[str, Any], *, dry: bool) -> dict[str, Any]:
    _check(params)
    authority = WebhookAuthority(params["folder"], params["ca_passphrase"], dry=dry)
    wanted = Wanted(
        params["names"],
        params["ca_common_name"],
        params["ca_valid_days"],
        params["ca_renew_days"],
        params["valid_days"],
        params["renew_days"],
    )
    with contextlib.nullcontext() if dry else authority.authorities.locked():
        outcome = authority.bring(wanted)
    folder = authority.folder
    reasons = "".join(f"{what}: {why}\n" for what, why in sorted(outcome.reasons.items()))
    return {
        "changed": bool(outcome.reasons),
        "renewed": outcome.reasons,
        "rotated": outcome.rotated,
        "days_left": outcome.days_left,
        "ca_bundle": outcome.ca_bundle,
        "certificate": outcome.issued.certificate.decode(),
        "description": describe(load_certificate(outcome.issued.certificate)),
        "key_path": str(folder / "server" / "key.pem"),
        "diff": {"before": "", "after": reasons},
    }


def _check(params: Mapping[str, Any]) -> None:
    for name, least in (("valid_days", 1), ("ca_valid_days", 1), ("renew_days", 0), ("ca_renew_days", 0)):
        if not least <= params[name] <= 36500:
            raise CertificateError(f"{name} is {params[name]}; it must be {least} to 36500 days")
    if params["ca_renew_days"] >= params["ca_valid_days"]:
        raise CertificateError("ca_renew_days is not below ca_valid_days: there would be a new authority with each run")
    if not params["names"]:
        raise CertificateError("names is empty: API servers have to reach the webhook by some name")

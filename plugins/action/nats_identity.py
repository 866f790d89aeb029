# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and nkeys of all who take part in NATS, in a folder of the controller. Nothing is sent to the target."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    MISSING_LIBRARY,
    CertificateError,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.nats_identities import (
    IdentityFolder,
    Wanted,
)

_SPEC: dict[str, dict[str, Any]] = {
    "folder": {"type": "path", "required": True},
    "servers": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
        },
    },
    "users": {"type": "list", "elements": "str", "default": []},
    "cluster": {"type": "bool", "default": False},
    "ca_passphrase": {"type": "str", "no_log": True},
    "ca_common_name": {"type": "str", "default": "NATS"},
    "ca_valid_days": {"type": "int", "default": 3650},
    "valid_days": {"type": "int", "default": 365},
    "renew_days": {"type": "int", "default": 30},
}


class ActionModule(ActionBase):
    """All happens on the controller, where the authority and the seeds stay."""

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
        except (CertificateError, NatsError, OSError) as exc:
            # ansible-core would add the message of every cause, which says the same again.
            raise AnsibleActionFail(str(exc)) from None


def _brought(params: Mapping[str, Any], *, dry: bool) -> dict[str, Any]:
    _check(params)
    folder = IdentityFolder(params["folder"], params["ca_passphrase"], dry=dry)
    wanted = Wanted(
        servers=[(server["name"], server["names"]) for server in params["servers"]],
        users=params["users"],
        cluster=params["cluster"],
        common_name=params["ca_common_name"],
        ca_days=params["ca_valid_days"],
        days=params["valid_days"],
        renew_days=params["renew_days"],
    )
    with contextlib.nullcontext() if dry else folder.clients.locked():
        outcome = folder.bring(wanted)
    return {
        "changed": bool(outcome.reasons),
        "renewed": outcome.reasons,
        "nkeys": outcome.nkeys,
        "days_left": outcome.days_left,
        "folder": str(folder.folder),
        "diff": {"before": "", "after": "".join(f"{what}: {why}\n" for what, why in sorted(outcome.reasons.items()))},
    }


def _check(params: Mapping[str, Any]) -> None:
    for name, least in (("valid_days", 1), ("ca_valid_days", 1), ("renew_days", 0)):
        if not least <= params[name] <= 36500:
            raise CertificateError(f"{name} is {params[name]}; it must be {least} to 36500 days")
    for server in params["servers"]:
        if not server["names"]:
            raise CertificateError(f"server {server['name']}: names is empty: clients have to reach it by some name")

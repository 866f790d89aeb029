# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of a configuration file and of its users. The facts are those of nats/collect/configuration.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control

CONFIGURATION_CONTROLS: tuple[Control, ...] = (
    Control(
        id="nats.configuration.no_auth_user",
        title="Nobody is let in as a user that they did not name",
        scope="configuration",
        severity="critical",
        actual="no_auth_user",
        expected={"present": False},
        remediation="Remove no_auth_user.",
    ),
    Control(
        id="nats.configuration.allow_non_tls",
        title="Clients cannot choose to speak in the clear",
        scope="configuration",
        severity="high",
        actual="allow_non_tls",
        expected={"equals": False},
        remediation="Remove allow_non_tls.",
    ),
    Control(
        id="nats.configuration.tls_verify",
        title="Clients need a certificate",
        scope="configuration",
        severity="high",
        actual="tls_verify",
        expected={"equals": True},
        remediation="Set verify: true in tls.",
    ),
    Control(
        id="nats.configuration.token",
        title="No token is shared by all clients",
        scope="configuration",
        severity="medium",
        actual="token",
        expected={"equals": False},
        remediation="Give every client a user of its own.",
    ),
    Control(
        id="nats.configuration.mode",
        title="Only the server's user and root read the configuration",
        scope="configuration",
        severity="medium",
        actual="mode",
        expected={"mode_within": "0640"},
        remediation="chmod 0640, or stricter.",
    ),
    Control(
        id="nats.user.password_hashed",
        title="Password of the user is kept as a hash",
        scope="user",
        severity="high",
        actual="password_hashed",
        expected={"equals": True},
        when="has_password",
        not_applicable="No user has a password.",
        remediation="Give the user an nkey, or replace the password by its bcrypt hash.",
    ),
    Control(
        id="nats.user.publish_everything",
        title="User may not publish to every subject",
        scope="user",
        severity="high",
        actual="publish_everything",
        expected={"equals": False},
        evidence="{publish: publish}",
        remediation="List the subjects that the user publishes to in permissions.publish.",
        rationale="Such a user forges alerts, and makes and deletes streams ($JS.API.>).",
    ),
    Control(
        id="nats.user.subscribe_everything",
        title="User may not subscribe to every subject",
        scope="user",
        severity="medium",
        actual="subscribe_everything",
        expected={"equals": False},
        evidence="{subscribe: subscribe}",
        remediation="List the subjects that the user needs in permissions.subscribe.",
        rationale="Such a user reads everything in its account, answers to other users among it.",
    ),
)

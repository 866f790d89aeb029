# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of Anchore Engine itself. The facts are those of anchore/system_audit.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control

ANCHORE_SCOPES = ("engine", "service", "feed_group")

_NO_GROUPS = "The engine has no feed that is switched on."

ANCHORE_CONTROLS: tuple[Control, ...] = (
    Control(
        id="anchore.engine.feeds",
        title="The engine has feeds of vulnerabilities",
        scope="engine",
        severity="high",
        actual="groups",
        expected={"at_least": 1},
        remediation="Switch feeds on and sync them (anchore-cli system feeds sync).",
        rationale="Without data no image has a vulnerability, and every image passes.",
    ),
    Control(
        id="anchore.engine.one_version",
        title="All services of the engine have the same version",
        scope="engine",
        severity="medium",
        actual="length(versions) <= `1`",
        expected={"equals": True},
        evidence="{versions: versions}",
        remediation="Finish the upgrade: services of two versions do not understand each other's records.",
    ),
    Control(
        id="anchore.service.up",
        title="Service has an instance that is up",
        scope="service",
        severity="high",
        actual="running",
        expected={"at_least": 1},
        evidence="{down: down}",
        not_applicable="The engine tells of no service.",
        remediation="Look at its log. While the analyzer or the policy engine is down, no image is decided about.",
    ),
    Control(
        id="anchore.service.all_up",
        title="Every instance of the service is up",
        scope="service",
        severity="low",
        actual="down",
        expected={"empty": True},
        when="running >= `1`",
        not_applicable="No service is up.",
        remediation="Start it, or remove its record (anchore-cli system del) where it is gone for good.",
    ),
    Control(
        id="anchore.feed.synced",
        title="Feed was synced at least once",
        scope="feed_group",
        severity="high",
        actual="synced",
        expected={"equals": True},
        not_applicable=_NO_GROUPS,
        remediation="Sync it (anchore-cli system feeds sync), and see that the engine reaches the source of the feed.",
        rationale="Images of that distribution pass, for nothing is known of their vulnerabilities.",
    ),
    Control(
        id="anchore.feed.fresh",
        title="Feed was synced of late",
        scope="feed_group",
        severity="high",
        actual="age_hours",
        expected={"at_most": 48},
        when="synced",
        not_applicable="No feed was ever synced.",
        evidence="{last_sync: last_sync, record_count: record_count}",
        remediation="See why the policy engine no longer reaches the source of the feed.",
    ),
    Control(
        id="anchore.feed.records",
        title="Feed holds records",
        scope="feed_group",
        severity="medium",
        actual="record_count",
        expected={"at_least": 1},
        when="synced",
        not_applicable="No feed was ever synced.",
        remediation="Sync it anew with a flush: a feed that was synced without a record tells of no vulnerability.",
    ),
)

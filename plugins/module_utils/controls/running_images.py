# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of images that run: were they scanned, does today's policy let them run, are they what was approved?

The facts are those of running_images/snapshot.py.
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control

RUNNING_IMAGE_SCOPES = ("running_image",)

_NOTHING_RUNS = "No image runs."
_NOTHING_SCANNED = "No image that runs was scanned."
_WHO = "{used_by: used_by, users: users, digests: digests}"

RUNNING_IMAGE_CONTROLS: tuple[Control, ...] = (
    Control(
        id="image.running.identified",
        title="The digest of an image that runs is known",
        scope="running_image",
        severity="low",
        actual="identified",
        expected={"equals": True},
        not_applicable=_NOTHING_RUNS,
        evidence=_WHO,
        remediation="Run it from a registry: what was built or imported on the host has no digest that others know.",
    ),
    Control(
        id="image.running.scanned",
        title="Every content that runs was scanned",
        scope="running_image",
        severity="high",
        actual="unscanned",
        expected={"empty": True},
        not_applicable=_NOTHING_RUNS,
        evidence=_WHO,
        remediation="Scan the digests (image_scan, anchore_image), and let admission refuse what was never scanned.",
    ),
    Control(
        id="image.running.policy",
        title="Today's policy lets the image run",
        scope="running_image",
        severity="high",
        actual="denied",
        expected={"empty": True},
        when="scanned",
        not_applicable=_NOTHING_SCANNED,
        evidence="{reasons: reasons, used_by: used_by, users: users}",
        remediation="Rebuild the image so that the policy lets it pass, and replace what runs.",
        rationale="It was let in under an older policy, or its vulnerabilities have become known since.",
    ),
    Control(
        id="image.running.evaluation_age",
        title="The evaluation of the image is of late",
        scope="running_image",
        severity="medium",
        actual="evaluated_days",
        expected={"at_most": 7},
        when="scanned",
        not_applicable=_NOTHING_SCANNED,
        remediation="Evaluate it again: vulnerabilities become known every day, and the image does not change.",
    ),
    Control(
        id="image.running.approved",
        title="What runs is the digest that was approved",
        scope="running_image",
        severity="high",
        actual="unapproved",
        expected={"empty": True},
        when="approvals",
        not_applicable="No approved digests were given, or no image runs.",
        evidence="{approved: approved, used_by: used_by, users: users}",
        remediation="Find out where this content came from. Approve its digest, or run the approved one by its digest.",
        rationale="A tag was moved, or something was deployed past the pipeline.",
    ),
)

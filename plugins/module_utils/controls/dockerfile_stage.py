# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of the stages of a Dockerfile. The facts are those of dockerfile/stage_facts.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import cis

_PLACE = "{line: line, text: text}"

STAGE_CONTROLS: tuple[Control, ...] = (
    Control(
        id="dockerfile.stage.base_known",
        title="What a stage is based on can be told",
        scope="stage",
        severity="low",
        actual="base_unknown",
        expected={"empty": True},
        when="external",
        not_applicable="No stage is based on an image from elsewhere.",
        evidence=_PLACE,
        remediation="Give the argument a default, or hand build_args to the audit.",
        rationale="An image that only the build knows is judged by nobody here.",
    ),
    Control(
        id="dockerfile.stage.base_latest",
        title="Base image has a tag other than latest",
        scope="stage",
        severity="medium",
        actual="floating",
        expected={"equals": False},
        when="base_known",
        not_applicable="No base image is known.",
        evidence=_PLACE,
        remediation="Name a version, best together with a digest.",
        rationale="The same Dockerfile builds another image tomorrow.",
        references=cis("4.2", "4.2"),
    ),
    Control(
        id="dockerfile.stage.base_digest",
        title="Base image is pinned by digest",
        scope="stage",
        severity="medium",
        actual="pinned",
        expected={"equals": True},
        when="base_known && digest_wanted",
        not_applicable="No base image is known, or require_digest is false.",
        evidence=_PLACE,
        remediation="Write image:tag@sha256:… and let a bot raise it.",
        rationale="A tag can be moved to another image, by whoever may push.",
        references=cis("4.2", "4.2"),
    ),
    Control(
        id="dockerfile.stage.base_registry",
        title="Base image comes from a registry that is allowed",
        scope="stage",
        severity="high",
        manual="Give allowed_registries, for nobody can tell which registries are trusted.",
        remediation="Base it on an image of an allowed registry.",
        references=cis("4.2", "4.2"),
    ),
    Control(
        id="dockerfile.stage.base_allowed",
        title="Base image is one that is allowed",
        scope="stage",
        severity="high",
        manual="Give allowed_bases, for nobody can tell which base images are trusted.",
        remediation="Base it on one of the allowed images.",
        references=cis("4.2", "4.2"),
    ),
    Control(
        id="dockerfile.stage.single_cmd",
        title="Stage has one CMD at most",
        scope="stage",
        severity="low",
        actual="commands",
        expected={"at_most": 1},
        evidence=_PLACE,
        remediation="Remove all but the last: only that one counts.",
    ),
    Control(
        id="dockerfile.stage.single_entrypoint",
        title="Stage has one ENTRYPOINT at most",
        scope="stage",
        severity="low",
        actual="entrypoints",
        expected={"at_most": 1},
        evidence=_PLACE,
        remediation="Remove all but the last: only that one counts.",
    ),
    Control(
        id="dockerfile.stage.single_healthcheck",
        title="Stage has one HEALTHCHECK at most",
        scope="stage",
        severity="low",
        actual="healthchecks",
        expected={"at_most": 1},
        evidence=_PLACE,
        remediation="Remove all but the last: only that one counts.",
    ),
)

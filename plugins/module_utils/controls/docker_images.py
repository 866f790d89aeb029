# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of images: how they were built, what they carry, where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.allowed_registries import (
    untrusted_sources,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import cis

_NO_HISTORY = "No image has a history to read."

TRUSTED_SOURCE = Control(
    id="docker.image.trusted_source",
    title="Image comes from a registry that is trusted",
    scope="image",
    severity="high",
    # `trusted_source` narrows this to the sources that allowed_registries does not name.
    actual="sources",
    expected={"empty": True},
    when="!dangling",
    evidence="{tags: tags, in_use: in_use}",
    remediation="Remove the image, or pull its like from a registry named in allowed_registries.",
    references=cis("4.2", "4.2"),
)

TRUSTED_SOURCE_MANUAL = Control(
    id="docker.image.trusted_source",
    title="Image comes from a registry that is trusted",
    scope="image",
    severity="high",
    manual="Which registries are trusted is not known: set allowed_registries, and every image is checked.",
    remediation="Set allowed_registries.",
    references=cis("4.2", "4.2"),
)


def trusted_source(allowed: Sequence[str]) -> Control:
    """The control for these registries, or `registry/repository` prefixes. Raises ControlError for what is neither."""
    return replace(TRUSTED_SOURCE, actual=untrusted_sources(allowed))


SETUID_FILES = Control(
    id="docker.image.setuid_files",
    title="Image carries no setuid or setgid files",
    scope="image",
    severity="medium",
    actual="setuid_files",
    expected={"empty": True},
    remediation=(
        "Take the bits away while building (RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +), "
        "or start from a smaller base image."
    ),
    references=cis("4.8", "4.8"),
)

SETUID_FILES_MANUAL = Control(
    id="docker.image.setuid_files",
    title="Image carries no setuid or setgid files",
    scope="image",
    severity="medium",
    manual="Reading every file of every image takes its time, so it is done when asked for: set list_setuid.",
    remediation="Set list_setuid.",
    references=cis("4.8", "4.8"),
)

IMAGE_CONTROLS: tuple[Control, ...] = (
    Control(
        id="docker.image.user",
        title="Image names a user other than root",
        scope="image",
        severity="medium",
        actual="root",
        expected={"equals": False},
        evidence="{user: user, in_use: in_use}",
        remediation="End the Dockerfile with USER and a numeric id, such as USER 65532:65532.",
        references=cis("4.1", "4.1"),
    ),
    TRUSTED_SOURCE,
    Control(
        id="docker.image.packages",
        title="Image holds no package that it does not need",
        scope="image",
        severity="low",
        manual="Which packages an application needs only those know who build it.",
        remediation="Build in stages and copy the program alone into a minimal or distroless base image.",
        references=cis("4.3", "4.3"),
    ),
    Control(
        id="docker.image.age",
        title="Image was rebuilt lately, so that it has the security patches of its base",
        scope="image",
        severity="medium",
        actual="age_days",
        expected={"at_most": 90},
        when="in_use",
        evidence="{created: created}",
        remediation="Rebuild the image on a fresh base, scan it, and replace the containers that run the old one.",
        references=cis("4.4", "4.4"),
    ),
    Control(
        id="docker.image.healthcheck",
        title="Image says how its health is checked",
        scope="image",
        severity="low",
        actual="has_healthcheck",
        expected={"equals": True},
        evidence="{in_use: in_use}",
        remediation="Add a HEALTHCHECK instruction to the Dockerfile.",
        references=cis("4.6", "4.6"),
    ),
    Control(
        id="docker.image.lone_update",
        title="Package index is refreshed only together with an installation",
        scope="image",
        severity="low",
        actual="lone_updates",
        expected={"empty": True},
        when="has_history",
        not_applicable=_NO_HISTORY,
        remediation=(
            "Join the update and the install of packages in one RUN instruction, so that no cached index is used."
        ),
        references=cis("4.7", "4.7"),
    ),
    SETUID_FILES,
    Control(
        id="docker.image.add",
        title="Files come into the image by COPY, not by ADD",
        scope="image",
        severity="low",
        actual="additions",
        expected={"empty": True},
        when="has_history",
        not_applicable=_NO_HISTORY,
        remediation="Use COPY for local files; fetch remote ones in a RUN that verifies a checksum.",
        references=cis("4.9", "4.9"),
    ),
    Control(
        id="docker.image.secrets",
        title="Image holds no secret in its environment or its history",
        scope="image",
        severity="critical",
        actual="secrets",
        expected={"empty": True},
        evidence="{in_use: in_use}",
        remediation=(
            "Change the secret, for whoever has the image has it. Rebuild without it: BuildKit secrets "
            "(RUN --mount=type=secret) while building, files or a secret store while running."
        ),
        references=cis("4.10", "4.10"),
    ),
    Control(
        id="docker.image.unverified_install",
        title="No signature or certificate check was switched off while building",
        scope="image",
        severity="medium",
        actual="unverified_installs",
        expected={"empty": True},
        when="has_history",
        not_applicable=_NO_HISTORY,
        remediation="Install packages from signed repositories with the checks on, and pin their keys.",
        references=cis("4.11", "4.11"),
    ),
    Control(
        id="docker.image.signed_artifacts",
        title="Signatures of the artifacts in the image were checked",
        scope="image",
        severity="medium",
        manual="Whether what was copied into an image had been signed and checked, the image does not tell.",
        remediation="Check signatures in the build pipeline (cosign, in-toto) and keep the proof beside the image.",
        references=cis("4.12", "4.12"),
    ),
)

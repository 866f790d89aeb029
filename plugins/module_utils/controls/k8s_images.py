# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of images that workloads of a cluster name: whether a name means one content, and where it comes from.

The facts are those of k8s/collect/images.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.allowed_registries import (
    untrusted_sources,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

_USERS = "{used_by: used_by, users: users}"

TRUSTED_SOURCE = Control(
    id="k8s.image.trusted_source",
    title="Image comes from a registry that is trusted",
    scope="image",
    severity="high",
    # `trusted_source` narrows this to the sources that allowed_registries does not name.
    actual="sources",
    expected={"empty": True},
    evidence=_USERS,
    remediation="Pull the image's like from a registry named in allowed_registries, and let admission refuse others.",
    references=cis_k8s("5.5.1", "5.5.1"),
)

TRUSTED_SOURCE_MANUAL = replace(
    TRUSTED_SOURCE,
    actual="",
    expected=None,
    evidence="",
    manual="Which registries are trusted is not known: set allowed_registries, and every image is checked.",
    remediation="Set allowed_registries.",
)


def trusted_source(allowed: Sequence[str]) -> Control:
    """The control for these registries, or `registry/repository` prefixes. Raises ControlError for what is neither."""
    return replace(TRUSTED_SOURCE, actual=untrusted_sources(allowed)) if allowed else TRUSTED_SOURCE_MANUAL


IMAGE_CONTROLS: tuple[Control, ...] = (
    TRUSTED_SOURCE,
    Control(
        id="k8s.image.latest",
        title="Image is named by a version, not by latest",
        scope="image",
        severity="medium",
        actual="floating",
        expected={"equals": False},
        evidence=_USERS,
        remediation="Name a version, better a digest: what starts after the next restart is else anybody's guess.",
    ),
    Control(
        id="k8s.image.digest",
        title="Image is pinned by its digest",
        scope="image",
        severity="low",
        actual="pinned",
        expected={"equals": True},
        evidence=_USERS,
        remediation="Name it as registry/repository@sha256:…; a tag can be moved to other content at any time.",
    ),
    Control(
        id="k8s.image.one_digest",
        title="Every Pod runs the same content under the name of the image",
        scope="image",
        severity="medium",
        actual="length(digests)",
        expected={"at_most": 1},
        evidence="{digests: digests, used_by: used_by}",
        remediation="The tag was moved. Find out which content is wanted, pin its digest, and restart the Pods.",
    ),
    Control(
        id="k8s.image.pull_policy",
        title="A node asks the registry before it starts an image by a tag",
        scope="image",
        severity="low",
        actual="pull_policies",
        expected={"subset_of": ["Always"]},
        when="!pinned",
        evidence=_USERS,
        remediation="Set imagePullPolicy: Always, pin the digest, or switch the admission plugin AlwaysPullImages on.",
        rationale="Else a Pod may use a private image that another one left on the node, without any credentials.",
    ),
)

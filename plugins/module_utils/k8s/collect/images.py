# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subjects of scope `image`: each reference that a workload names, once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import (
    image_reference,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.usage import ImageUse

Facts = dict[str, Any]


def image_facts(images: Mapping[str, ImageUse]) -> list[Facts]:
    """{subject, sources, tag, digest, pinned, floating, pull_policies, digests, used_by, users}.

    `sources` is registry/repository, in a list; `digests` are those that run under this name, the first five.
    """
    return [_facts(name, use) for name, use in sorted(images.items()) if name]


def _facts(name: str, use: ImageUse) -> Facts:
    reference = image_reference.parse(name)
    return {
        "subject": {"kind": "image", "name": name},
        "sources": [reference.name],
        "tag": reference.tag,
        "digest": reference.digest,
        "pinned": reference.pinned,
        "floating": reference.floating,
        "pull_policies": sorted(use.pull_policies),
        "digests": sorted(use.digests),
        "used_by": use.users.first,
        "users": use.users.count,
    }

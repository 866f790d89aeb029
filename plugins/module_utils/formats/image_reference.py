# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reference to an image says: registry, repository, tag, digest."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_REGISTRY = "docker.io"
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}\Z")


@dataclass(frozen=True)
class ImageReference:
    """`registry/repository:tag@digest`; registry and tag as Docker completes them, "" for what is not there."""

    registry: str
    repository: str
    tag: str
    digest: str
    by_id: bool = False

    @property
    def pinned(self) -> bool:
        """Whether it always names the same image: by digest or by id."""
        return bool(self.digest) or self.by_id

    @property
    def floating(self) -> bool:
        """Whether it follows whatever is newest: no tag, or `latest`, and no digest."""
        return not self.pinned and self.tag == "latest"

    @property
    def name(self) -> str:
        """`registry/repository`."""
        return f"{self.registry}/{self.repository}"


def parse(reference: str) -> ImageReference:
    """Read a reference by Docker's own rules of completion (distribution/reference)."""
    if _ID.match(reference):
        return ImageReference("", "", "", reference if ":" in reference else "", by_id=True)
    rest, _at, digest = reference.partition("@")
    registry, slash, path = rest.partition("/")
    # A repository is in lower case, so that a first part in any other is a registry.
    if not slash or not ("." in registry or ":" in registry or registry == "localhost" or registry != registry.lower()):
        registry, path = DEFAULT_REGISTRY, rest
    repository, colon, tag = path.rpartition(":")
    if not colon:
        repository, tag = path, ""
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    return ImageReference(registry, repository, tag or ("" if digest else "latest"), digest)

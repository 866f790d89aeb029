# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses what: which Secrets, ServiceAccounts and images the workloads of a cluster name. Grows with names alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Facts = dict[str, Any]
Key = tuple[str, str]

# So many users of a thing are shown by name; the others are counted.
_SHOWN = 5


@dataclass
class Users:
    """Those who use one thing: how many, and the names of the first ones."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(name)


@dataclass
class ImageUse:
    """How one image reference is used: by whom, with which pull policies, and which digests run under it."""

    users: Users = field(default_factory=Users)
    pull_policies: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)


class Usage:
    """Secrets and ServiceAccounts by (namespace, name), images by reference."""

    def __init__(self) -> None:
        self.secrets: dict[Key, Users] = {}
        self.env_secrets: dict[Key, Users] = {}
        self.service_accounts: dict[Key, Users] = {}
        self.images: dict[str, ImageUse] = {}
        self.workloads: dict[str, int] = {}

    def add_workload(self, subject: Mapping[str, str], facts: Facts) -> None:
        """Count what a workload uses, as `pod_spec_facts` tells it."""
        namespace = subject.get("namespace", "")
        user = f"{subject['kind']} {namespace}/{subject['name']}"
        self.workloads[namespace] = self.workloads.get(namespace, 0) + 1
        self.add_secrets(namespace, facts["secrets"], user)
        for entry in {entry.partition(": ")[2] for entry in facts["secret_env"]}:
            self.env_secrets.setdefault((namespace, entry), Users()).add(user)
        self.service_accounts.setdefault((namespace, facts["service_account"]), Users()).add(user)
        self._add_images(facts["containers"], user)

    def add_secrets(self, namespace: str, names: Iterable[str], user: str) -> None:
        """Count Secrets that something uses."""
        for name in names:
            self.secrets.setdefault((namespace, name), Users()).add(user)

    def _add_images(self, containers: Iterable[Mapping[str, Any]], user: str) -> None:
        by_image: dict[str, set[str]] = {}
        for container in containers:
            by_image.setdefault(container["image"], set()).add(str(container["pull_policy"] or ""))
        for image, policies in by_image.items():
            use = self.images.setdefault(image, ImageUse())
            use.users.add(user)
            use.pull_policies |= policies - {""}

    def add_running(self, image: str, image_id: str) -> None:
        """Take note of the digest that a node has pulled for an image."""
        digest = image_id.rpartition("@")[2] if "@" in image_id else ""
        use = self.images.get(image)
        if use is not None and digest and len(use.digests) < _SHOWN:
            use.digests.add(digest)

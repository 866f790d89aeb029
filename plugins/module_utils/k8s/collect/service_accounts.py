# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ServiceAccounts as far as workloads and Secrets need them: who mounts a token, and which Secrets they name."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.usage import Usage

Key = tuple[str, str]


@dataclass
class ServiceAccounts:
    """By (namespace, name): whether each mounts its token (null: it does not say), and the Secrets that it names."""

    automount: dict[Key, bool | None] = field(default_factory=dict)
    secrets: dict[Key, list[str]] = field(default_factory=dict)

    def add_to(self, usage: Usage) -> None:
        """Count the Secrets that they name as used."""
        for (namespace, name), secrets in self.secrets.items():
            usage.add_secrets(namespace, secrets, f"ServiceAccount {namespace}/{name}")


def list_service_accounts(lists: Lists) -> ServiceAccounts:
    """All that are wanted. Raises K8sError."""
    found = ServiceAccounts()
    for item in lists.objects("/api/v1/serviceaccounts"):
        metadata = item.get("metadata") or {}
        key = (str(metadata.get("namespace")), str(metadata.get("name")))
        found.automount[key] = item.get("automountServiceAccountToken")
        references = [*(item.get("secrets") or ()), *(item.get("imagePullSecrets") or ())]
        names = [str(reference.get("name")) for reference in references if reference.get("name")]
        if names:
            found.secrets[key] = names
    return found

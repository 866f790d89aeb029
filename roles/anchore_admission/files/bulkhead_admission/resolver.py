# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which content a tag is, by the registries and with the credentials of the configuration."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.registry import (
    Registries,
    docker_config_credentials,
)
from bulkhead_admission.config_sections import RegistryConfig
from bulkhead_admission.judge import Resolve


def make_resolver(config: RegistryConfig) -> Resolve:
    """What finds the digest of a reference; it raises ScannerError. Credentials are read when they are needed.

    They may change while the webhook runs, and they are no part of what it keeps.
    """

    def resolve(reference: str, deadline: float) -> str:
        credentials = docker_config_credentials(Path(config.credentials_file)) if config.credentials_file else {}
        registries = Registries(credentials, config.plain_http, config.ca_file or None, config.seconds)
        return registries.resolve(reference, deadline=deadline)

    return resolve

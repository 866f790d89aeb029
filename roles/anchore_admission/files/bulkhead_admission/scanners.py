# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scanner that the configuration names, and what finds the digest of a tag."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import Scanner
from bulkhead_admission.config import ScannerConfig
from bulkhead_admission.errors import ConfigError
from bulkhead_admission.recorded_verdicts import RecordedVerdicts

# The time of a review is short: one more try, not three.
_RETRIES = 1


def make_scanner(config: ScannerConfig) -> Scanner:
    """It. ConfigError where its files cannot be used. Imports only what this scanner needs."""
    if config.kind == "anchore":
        return _anchore(config)
    if config.kind == "grype":
        return _grype(config)
    return RecordedVerdicts(Path(config.verdicts_file))


def _anchore(config: ScannerConfig) -> Scanner:
    from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
    from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
    from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.scanner import AnchoreScanner

    try:
        client = AnchoreClient(
            config.url,
            config.username,
            _secret(config.password_file, "scanner.password_file"),
            account=config.account,
            ca_file=config.ca_file or None,
            timeout=config.seconds,
            retries=_RETRIES,
        )
    except AnchoreError as error:
        raise ConfigError(f"scanner: {error}") from error
    return AnchoreScanner(client)


def _grype(config: ScannerConfig) -> Scanner:
    from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import (
        BundleError,
        bundle_from,
    )
    from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import GrypeScanner

    try:
        bundle = bundle_from(json.loads(Path(config.bundle_file).read_text(encoding="utf-8")))
    except (OSError, ValueError, BundleError) as error:
        raise ConfigError(f"scanner.bundle_file: {config.bundle_file}: {error}") from error
    # Its name is of a frozen class, which the protocol would like to set.
    return cast(Scanner, GrypeScanner(bundle, database=config.database))


def _secret(path: str, key: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{key}: {path} cannot be read") from error

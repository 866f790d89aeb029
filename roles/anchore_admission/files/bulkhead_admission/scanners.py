# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scanner that the configuration names, and what finds the digest of a tag."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import cast

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import Evaluation
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import Scanner, ScannerError
from bulkhead_admission.config_sections import ScannerConfig
from bulkhead_admission.errors import ConfigError
from bulkhead_admission.recorded_verdicts import RecordedVerdicts

# The time of a review is short: one more try, not three.
_RETRIES = 1


def make_scanner(config: ScannerConfig) -> Scanner:
    """It. ConfigError where its files cannot be used."""
    if config.kind == "verdicts":
        return RecordedVerdicts(Path(config.verdicts_file))
    return FollowingScanner(config)


class FollowingScanner:
    """The scanner of the files as they are: a new password, authority or bundle is used from the next image on."""

    def __init__(self, config: ScannerConfig) -> None:
        self.name = config.kind
        self._config = config
        self._lock = threading.Lock()
        self._content = self._read()
        self._scanner = _made(config)

    def evaluate(
        self, reference: str, digest: str, policy_id: str = "", *, deadline: float | None = None
    ) -> Evaluation:
        """As Scanner says."""
        return self._current().evaluate(reference, digest, policy_id, deadline=deadline)

    def request_analysis(self, reference: str, digest: str) -> None:
        """Have it analyse what it does not know, where it can be asked to. Raises ScannerError."""
        request = getattr(self._current(), "request_analysis", None)
        if request is not None:
            request(reference, digest)

    def _current(self) -> Scanner:
        with self._lock:
            try:
                content = self._read()
                if content != self._content:
                    self._scanner, self._content = _made(self._config), content
            except ConfigError as error:
                raise ScannerError("policy", str(error)) from error
            return self._scanner

    def _read(self) -> tuple[bytes, ...]:
        found = []
        for key in ("password_file", "ca_file", "bundle_file"):
            path = getattr(self._config, key)
            try:
                found.append(Path(path).read_bytes() if path else b"")
            except OSError as error:
                raise ConfigError(f"scanner.{key}: {path} cannot be read: {error.strerror}") from error
        return tuple(found)


def _made(config: ScannerConfig) -> Scanner:
    """Imports only what this scanner needs."""
    return _anchore(config) if config.kind == "anchore" else _grype(config)


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

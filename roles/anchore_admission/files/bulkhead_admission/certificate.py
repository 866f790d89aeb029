# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's certificate: loaded again when its files change, and held against the clock."""

from __future__ import annotations

import logging
import ssl
import time
from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.certificate_dates import (
    CertificateError,
    validities,
)
from bulkhead_admission.config_sections import TlsConfig
from bulkhead_admission.errors import ConfigError
from bulkhead_admission.metrics import Metrics

log = logging.getLogger(__name__)


class Certificate:
    """A TLS context that follows the files. ConfigError where they cannot be used at the start."""

    def __init__(self, config: TlsConfig, metrics: Metrics) -> None:
        self._config, self._metrics = config, metrics
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seen: tuple[bytes, ...] = ()
        self.not_after = 0.0
        try:
            self._load(self._content())
        except (OSError, ValueError, CertificateError) as error:
            raise ConfigError(f"tls: the certificate cannot be used: {error}") from error

    @property
    def expired(self) -> bool:
        """Whether no client accepts it any more."""
        return time.time() >= self.not_after

    def follow(self) -> None:
        """Load it again where the files have changed. What cannot be used is not; the one of before stays."""
        try:
            content = self._content()
            if content == self._seen:
                return
            self._load(content)
        except (OSError, ValueError, CertificateError) as error:
            # While the two files are exchanged, the key is not that of the certificate: the next look finds both.
            self._metrics.count("certificate_loads", result="failed")
            log.error("the new certificate cannot be used, the one of before stays: %s", error)
            return
        log.info("the server has a new certificate")

    def _content(self) -> tuple[bytes, ...]:
        names = (self._config.cert_file, self._config.key_file, self._config.client_ca_file)
        return tuple(Path(name).read_bytes() for name in names if name)

    def _load(self, content: tuple[bytes, ...]) -> None:
        not_after = validities(content[0].decode("ascii", "replace"))[0].not_after.timestamp()
        # Tried out first: a context that took half of it would serve nobody.
        for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
            context.load_cert_chain(self._config.cert_file, self._config.key_file)
            if self._config.client_ca_file:
                context.load_verify_locations(self._config.client_ca_file)
                context.verify_mode = ssl.CERT_REQUIRED
        self._seen, self.not_after = content, not_after
        self._metrics.count("certificate_loads", result="loaded")
        self._metrics.gauge("certificate_expiry_timestamp_seconds", not_after)


def client_name(tls: ssl.SSLObject | None) -> str:
    """The common name of the client's certificate, "" where it showed none."""
    certificate = (tls.getpeercert() if tls is not None else None) or {}
    for row in certificate.get("subject", ()):
        for pair in row:
            if pair[0] == "commonName":
                return str(pair[1])
    return ""

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As whom we come to the API server: a client certificate, a token, or both; each read again when its file is another.

Tokens of pods are renewed every hour, certificates every few months: the runner stays longer than either.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from bulkhead_response.errors import ConfigError, Unreachable


class _Watched:
    """Files, and whether they are still those that were read."""

    def __init__(self, *files: str) -> None:
        self._files = files
        self._seen: Sequence[tuple[int, int]] = ()

    def changed(self) -> bool:
        """Whether they are others than at the last call. OSError where one cannot be found."""
        states = [os.stat(file) for file in self._files]
        seen = [(state.st_mtime_ns, state.st_ino) for state in states]
        changed, self._seen = seen != self._seen, seen
        return changed


class Credential:
    """settings: ca_file, cert_file, key_file, token_file."""

    def __init__(self, settings: Mapping[str, Any], encrypted: bool) -> None:
        """ConfigError for files that cannot be used for TLS. The token is read when it is needed."""
        self._pair = [str(settings[key]) for key in ("cert_file", "key_file") if settings.get(key)]
        self._pair_files = _Watched(*self._pair)
        self._token_file = str(settings.get("token_file") or "")
        self._token_files = _Watched(self._token_file)
        self._header = ""
        try:
            self.tls = ssl.create_default_context(cafile=settings.get("ca_file") or None) if encrypted else None
            self._load_pair()
        except (OSError, ssl.SSLError) as error:
            files = ", ".join([*([str(settings["ca_file"])] if settings.get("ca_file") else []), *self._pair])
            raise ConfigError(f"kubernetes: {files} cannot be used for TLS: {error}") from error

    def headers(self) -> dict[str, str]:
        """What a request carries. Unreachable where a file is not there, as for a moment while it is renewed."""
        try:
            self._load_pair()
            return self._authorization()
        except (OSError, ssl.SSLError, UnicodeDecodeError) as error:
            files = ", ".join([*self._pair, *([self._token_file] if self._token_file else [])])
            raise Unreachable(f"kubernetes: {files} cannot be read: {error}") from error

    def _load_pair(self) -> None:
        """Connections that are made from now on use it."""
        if self._pair and self.tls is not None and self._pair_files.changed():
            self.tls.load_cert_chain(*self._pair)

    def _authorization(self) -> dict[str, str]:
        if not self._token_file:
            return {}
        if self._token_files.changed():
            with open(self._token_file, encoding="ascii") as stream:
                self._header = f"Bearer {stream.read().strip()}"
        return {"Authorization": self._header}

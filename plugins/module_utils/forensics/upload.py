# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put an archive into an object store, by a PUT to an URL that was signed for it: no key of the store is needed here.

S3 and what is compatible with it, Google Cloud Storage and Azure all hand out such URLs.
"""

from __future__ import annotations

import os
import urllib.error
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError


def shown_url(url: str) -> str:
    """The URL without its signature, which is a secret for as long as it counts."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def check_url(url: str, where: str) -> None:
    """Raise ForensicsError for an URL that evidence is not sent to."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise ForensicsError(f"{where}: upload_url is none of https")


def upload(path: str, url: str, ca_path: str | None, timeout: float) -> str:
    """Send a file; the entity tag that the store gave it. Raises ForensicsError, without the signature of the URL."""
    headers = {
        "Content-Length": str(os.path.getsize(path)),
        "Content-Type": "application/gzip",
        "x-ms-blob-type": "BlockBlob",
    }
    if ".blob." not in url:
        del headers["x-ms-blob-type"]  # a header that was not signed is refused by others
    try:
        with open(path, "rb") as file:
            answer = open_url(url, data=file, method="PUT", headers=headers, ca_path=ca_path, timeout=timeout)
    except urllib.error.HTTPError as exc:
        said = " ".join(exc.read(300).decode(errors="replace").split())
        raise ForensicsError(f"{shown_url(url)} refused the evidence with {exc.code}: {said}") from exc
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "reason", None) or type(exc).__name__
        raise ForensicsError(f"{shown_url(url)} did not take the evidence: {reason}") from exc
    return str(answer.headers.get("ETag") or "").strip('"')

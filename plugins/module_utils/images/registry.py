# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a registry which content a tag is: the OCI distribution API, with a token or basic authentication.

Source: the OCI Distribution Specification 1.1 and the token authentication of Docker's registry.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

_ACCEPTED = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_LARGEST = 4 * 1024 * 1024
_DOCKER_HUB = "registry-1.docker.io"
_KINDS = {401: "unauthorised", 403: "forbidden", 404: "unknown_image", 429: "server_error"}

Credentials = Mapping[str, tuple[str, str]]
"""(user, password) by the name of a registry."""


@dataclass(frozen=True)
class Registries:
    """How registries are asked. credentials: by registry; plain: those spoken to without TLS, `host:port` each.

    ca_file: PEM of authorities, beside those that the system trusts. timeout: seconds for each answer.
    """

    credentials: Credentials = field(default_factory=dict)
    plain: tuple[str, ...] = ()
    ca_file: str | None = None
    timeout: float = 10.0

    def resolve(self, reference: str, *, deadline: float | None = None) -> str:
        """The digest that a reference stands for now. One with a digest is not asked about. Raises ScannerError."""
        read = image_reference.parse(reference)
        if read.digest and not read.by_id:
            if not _DIGEST.match(read.digest):
                raise ScannerError("unknown_image", f"{reference}: its digest is not one of SHA-256")
            return read.digest
        if read.by_id:
            raise ScannerError("unknown_image", f"{reference}: an image id is known to no registry")
        return _Question(self, read, reference, deadline).digest()

    def layers(self, reference: str, platform: str = "linux/amd64", *, deadline: float | None = None) -> Layers:
        """Where the layers of an image are, for others that fetch them. Raises ScannerError."""
        read = image_reference.parse(reference)
        if read.by_id:
            raise ScannerError("unknown_image", f"{reference}: an image id is known to no registry")
        return _Question(self, read, reference, deadline).layers(platform)


@dataclass(frozen=True)
class Layers:
    """An image of one platform as a registry has it, from the base to the top.

    digest: of its manifest. blobs: (digest, URL) of each layer. authorization: the header for it, "" for none.
    """

    digest: str
    blobs: tuple[tuple[str, str], ...]
    authorization: str


def docker_config_credentials(path: Path) -> dict[str, tuple[str, str]]:
    """The credentials in a config.json of Docker; what helpers keep is not there. Raises ScannerError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ScannerError("unauthorised", f"{path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise ScannerError("unauthorised", f"{path} is not JSON") from exc
    found = {}
    auths = document.get("auths") if isinstance(document, Mapping) else None
    for name, entry in (auths if isinstance(auths, Mapping) else {}).items():
        pair = _pair(entry if isinstance(entry, Mapping) else {})
        if pair is not None:
            found[_registry_name(str(name))] = pair
    return found


def _pair(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    if entry.get("username") and entry.get("password"):
        return str(entry["username"]), str(entry["password"])
    try:
        user, colon, password = base64.b64decode(str(entry.get("auth") or "")).decode().partition(":")
    except ValueError:
        return None
    return (user, password) if colon else None


def _registry_name(key: str) -> str:
    """Docker writes its own registry as https://index.docker.io/v1/."""
    host = urlsplit(key).netloc if "://" in key else key.partition("/")[0]
    return image_reference.DEFAULT_REGISTRY if host in ("index.docker.io", _DOCKER_HUB) else host


class _Question:
    """One reference, to its registry."""

    def __init__(
        self, registries: Registries, read: image_reference.ImageReference, reference: str, deadline: float | None
    ) -> None:
        self._registries, self._read, self._reference, self._deadline = registries, read, reference, deadline
        self._host = _DOCKER_HUB if read.registry == image_reference.DEFAULT_REGISTRY else read.registry
        self._path = self._manifest(read.digest or read.tag)
        self._authorization_sent = ""

    def _manifest(self, version: str) -> str:
        return f"/v2/{quote(self._read.repository)}/manifests/{quote(version, safe=':')}"

    def layers(self, platform: str) -> Layers:
        """Ask for the manifest, of an index for that of the platform. What was sent is what its digest says."""
        digest, document = self._document(self._read.digest)
        if isinstance(document.get("manifests"), list):
            fitting = [entry for entry in document["manifests"] if _platform(entry) == platform]
            if not fitting:
                raise ScannerError("unknown_image", f"{self._reference}: there is none for {platform}")
            wanted = str(fitting[0].get("digest"))
            self._path = self._manifest(wanted)
            digest, document = self._document(wanted)
        scheme = "http" if self._host in self._registries.plain else "https"
        base = f"{scheme}://{self._host}/v2/{quote(self._read.repository)}/blobs/"
        listed = document.get("layers")
        rows = listed if isinstance(listed, list) else []
        blobs = [str(entry.get("digest")) for entry in rows if isinstance(entry, Mapping)]
        if not blobs or len(blobs) != len(rows) or not all(map(_DIGEST.match, blobs)):
            raise ScannerError("invalid_answer", f"{self._reference}: its manifest names no layers")
        return Layers(digest, tuple((blob, base + blob) for blob in blobs), self._authorization_sent)

    def _document(self, wanted: str) -> tuple[str, Mapping[str, Any]]:
        status, _headers, body = self._authorised("GET")
        if status != 200:
            raise self._error(status)
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if wanted and wanted != digest:
            raise ScannerError("wrong_digest", f"{self._reference}: {wanted} was asked for, and {digest} sent")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, Mapping):
            raise ScannerError("invalid_answer", f"{self._reference}: its manifest is no JSON object")
        return digest, document

    def digest(self) -> str:
        """Ask by HEAD, which counts against no limit of pulls; by GET where the answer to that names no digest."""
        status, headers, _body = self._authorised("HEAD")
        told = headers.get("docker-content-digest", "")
        if status == 200 and _DIGEST.match(told):
            return told
        if status not in (200, 405):
            raise self._error(status)
        status, headers, body = self._authorised("GET")
        if status != 200:
            raise self._error(status)
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        told = headers.get("docker-content-digest", digest)
        if told != digest:
            raise ScannerError("wrong_digest", f"{self._reference}: the registry says {told}, and sent {digest}")
        return digest

    def _authorised(self, method: str) -> tuple[int, Mapping[str, str], bytes]:
        answer = self._ask(self._host, method, self._path, {"Accept": _ACCEPTED})
        if answer[0] != 401:
            return answer
        authorization = self._authorization(answer[1].get("www-authenticate", ""))
        self._authorization_sent = authorization
        return self._ask(self._host, method, self._path, {"Accept": _ACCEPTED, "Authorization": authorization})

    def _authorization(self, challenge: str) -> str:
        scheme = challenge.partition(" ")[0].lower()
        pair = self._registries.credentials.get(self._read.registry)
        basic = _basic(pair) if pair else ""
        if scheme == "basic":
            if not basic:
                raise ScannerError("unauthorised", f"{self._reference}: {self._host} wants a user and a password")
            return basic
        if scheme != "bearer":
            raise ScannerError(
                "unauthorised", f"{self._reference}: {self._host} wants an authentication not known here"
            )
        return f"Bearer {self._token(dict(_CHALLENGE.findall(challenge)), basic)}"

    def _token(self, challenge: Mapping[str, str], basic: str) -> str:
        realm = urlsplit(challenge.get("realm", ""))
        # The registry names who gives tokens. The password goes there over TLS, or where the user has said plain.
        plain = realm.netloc in self._registries.plain
        if (
            (realm.scheme != "https" and not (realm.scheme == "http" and plain))
            or not realm.netloc
            or "@" in realm.netloc
        ):
            raise ScannerError("unauthorised", f"{self._reference}: {self._host} sends for tokens to no safe address")
        query = {"scope": f"repository:{self._read.repository}:pull"}
        if challenge.get("service"):
            query["service"] = challenge["service"]
        headers = {"Authorization": basic} if basic else {}
        status, _headers, body = self._ask(realm.netloc, "GET", f"{realm.path or '/'}?{urlencode(query)}", headers)
        if status != 200:
            raise self._error(status)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        token = (answer.get("token") or answer.get("access_token")) if isinstance(answer, Mapping) else None
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise ScannerError("invalid_answer", f"{self._reference}: {realm.netloc} answered with no token")
        return token

    def _ask(
        self, host: str, method: str, path: str, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        seconds = self._registries.timeout
        if self._deadline is not None:
            seconds = min(seconds, self._deadline - time.monotonic())
        if seconds <= 0:
            raise ScannerError("timeout", f"{self._reference}: no time was left to ask {host}")
        connection = self._connection(host, seconds)
        try:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            body = response.read(_LARGEST + 1)
        except Exception as exc:
            raise self._broken(exc, host, seconds) from exc
        finally:
            connection.close()
        if len(body) > _LARGEST:
            raise ScannerError("invalid_answer", f"{self._reference}: {host} answered with more than 4 MB")
        return response.status, {name.lower(): value for name, value in response.getheaders()}, body

    def _connection(self, host: str, seconds: float) -> http.client.HTTPConnection:
        if host in self._registries.plain:
            return http.client.HTTPConnection(host, timeout=seconds)
        context = ssl.create_default_context()
        if self._registries.ca_file:
            context.load_verify_locations(self._registries.ca_file)
        return http.client.HTTPSConnection(host, timeout=seconds, context=context)

    def _broken(self, exc: Exception, host: str, seconds: float) -> Exception:
        if isinstance(exc, ssl.SSLCertVerificationError):
            message = f"{self._reference}: the certificate of {host} is not to be trusted: {exc.verify_message}"
            return ScannerError("unreachable", message)
        # Before Python 3.10 a socket's own is no TimeoutError.
        if isinstance(exc, (TimeoutError, socket.timeout)):
            return ScannerError("timeout", f"{self._reference}: no answer of {host} within {seconds:.1f} s")
        if isinstance(exc, (OSError, http.client.HTTPException)):
            reason = " ".join(str(getattr(exc, "strerror", None) or str(exc) or type(exc).__name__).split())[:200]
            return ScannerError("unreachable", f"{self._reference}: {host} cannot be reached: {reason}")
        return exc

    def _error(self, status: int) -> ScannerError:
        kind = _KINDS.get(status, "server_error" if status >= 500 else "invalid_answer")
        told = {401: "it refuses the credentials", 404: "it does not know this tag", 429: "it has been asked too often"}
        return ScannerError(
            kind, f"{self._reference}: {self._host} answered {status} ({told.get(status, 'no manifest')})"
        )


def _platform(entry: Any) -> str:
    told = entry.get("platform") if isinstance(entry, Mapping) else None
    return f"{told.get('os')}/{told.get('architecture')}" if isinstance(told, Mapping) else ""


def _basic(pair: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(pair).encode()).decode()

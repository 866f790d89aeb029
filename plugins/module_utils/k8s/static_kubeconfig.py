# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connect by a kubeconfig with fixed credentials, without the `kubernetes` library.

Importing the library costs a third of a second of CPU, as much as all else of a small run. Most kubeconfigs are plain:
one file, a server and its authority, and a client certificate or a token. Whatever else one may say (a plugin, a proxy,
several files, no verification) is the library's to understand, and so is what is wrong with one: None is returned then.
"""

from __future__ import annotations

import base64
import os
import shutil
import ssl
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

try:
    import urllib3
    import yaml
except ImportError:  # connection.require_kubernetes() says so: both come with the library
    HAS_LIBRARIES = False
else:
    HAS_LIBRARIES = True

_VARIABLES = ("K8S_AUTH_KUBECONFIG", "KUBECONFIG")
_DEFAULT = "~/.kube/config"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
# With one of these options, the way to the cluster is not the kubeconfig's alone.
_OTHER_WAYS = ("host", "in_cluster", "proxy_url", "api_key", "ca_cert", "client_cert", "client_key")
_CLUSTER = frozenset({"server", "certificate-authority", "certificate-authority-data", "extensions"})
_USER = frozenset({"client-certificate", "client-certificate-data", "client-key", "client-key-data", "token"})
_CONNECTIONS = 16


@dataclass
class StaticIdentity:
    """The server and the credentials; the fields are those of `kubernetes.client.Configuration`."""

    host: str
    ssl_ca_cert: str | None
    cert_file: str | None
    token: str = field(repr=False)
    verify_ssl: bool = True

    def auth_settings(self) -> dict[str, Any]:
        """As of the library's own configuration."""
        return {"BearerToken": {"value": f"Bearer {self.token}"}} if self.token else {}


def static_cluster(params: Mapping[str, Any]) -> tuple[StaticIdentity, Any] | None:
    """(identity, urllib3's pool of connections), or None where the library has to look at it."""
    path = _path(params)
    try:
        return _connected(path, params.get("context")) if path else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
        return None


def _connected(path: str, wanted: str | None) -> tuple[StaticIdentity, Any] | None:
    with open(path, encoding="utf-8") as file:
        content = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    cluster, user = _chosen(content, wanted or content["current-context"])
    if not (set(cluster) <= _CLUSTER and set(user) <= _USER and str(cluster["server"]).startswith("https://")):
        return None
    identity = StaticIdentity(str(cluster["server"]).rstrip("/"), None, None, str(user.get("token") or ""))
    folder = tempfile.mkdtemp(prefix="bulkhead-")
    # What the kubeconfig has as data is in this private folder for as long as the identity is of use.
    weakref.finalize(identity, shutil.rmtree, folder, ignore_errors=True)
    base = os.path.dirname(os.path.abspath(path))
    identity.ssl_ca_cert = _file(cluster, "certificate-authority", base, folder)
    identity.cert_file = _file(user, "client-certificate", base, folder)
    if not identity.ssl_ca_cert or not (identity.cert_file or identity.token):
        return None
    context = ssl.create_default_context(cafile=identity.ssl_ca_cert)
    if identity.cert_file:
        key = _file(user, "client-key", base, folder)
        context.load_cert_chain(identity.cert_file, key)
        if key and key.startswith(folder):
            os.remove(key)  # it has been read, and is no longer than needed outside of the kubeconfig
    return identity, urllib3.PoolManager(maxsize=_CONNECTIONS, ssl_context=context)


def _path(params: Mapping[str, Any]) -> str | None:
    """The one file that the user means, or None."""
    named = params.get("kubeconfig") or params.get("context")
    if any(params.get(name) for name in _OTHER_WAYS) or params.get("validate_certs") is False:
        return None
    if any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES):
        return None
    if not HAS_LIBRARIES or (not named and os.environ.get("K8S_AUTH_HOST")):
        return None
    given = params.get("kubeconfig") or next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), None)
    path = os.path.expanduser(given or _DEFAULT)
    return path if os.path.isfile(path) else None


def _chosen(content: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The cluster and the user of a context. LookupError where one is missing."""
    context = _named(content["contexts"], name)["context"]
    cluster = _named(content["clusters"], context["cluster"])["cluster"]
    return cluster, _named(content["users"], context["user"])["user"]


def _named(entries: list[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    [entry] = [entry for entry in entries if entry["name"] == name]
    return entry


def _file(entry: Mapping[str, Any], name: str, base: str, folder: str) -> str | None:
    """The file of a certificate or key; what is given as data is written to the private folder."""
    data = entry.get(f"{name}-data")
    if not data:
        return os.path.join(base, str(entry[name])) if entry.get(name) else None
    path = os.path.join(folder, f"{name}.pem")
    with open(path, "wb", opener=_private) as file:
        file.write(base64.b64decode(str(data)))
    return path


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

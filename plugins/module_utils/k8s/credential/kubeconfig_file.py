# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubeconfig that a credential is written into: one cluster, one user, one context."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

try:
    import yaml
except ImportError:  # connection.require_kubernetes() says so: PyYAML comes with that library
    HAS_YAML = False
else:
    HAS_YAML = True


@dataclass(frozen=True)
class Held:
    """What a kubeconfig holds for its current context, all of it as text; empty what is not there."""

    server: str = ""
    ca: str = ""
    insecure: bool = False
    certificate: str = ""
    key: str = ""
    token: str = ""
    context: str = ""
    namespace: str = ""


def read_kubeconfig(path: str) -> Held | None:
    """The kubeconfig at a path, None where there is no file. Raises K8sError for what is none, showing nothing."""
    if os.path.exists(path) and not os.path.isfile(path):
        # To open a pipe would wait for somebody who writes into it.
        raise K8sError(f"path: {path} is no regular file")
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.safe_load(file)
        return _held(content)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise K8sError(f"path: {path} cannot be read: {exc.strerror}") from exc
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, AttributeError, binascii.Error) as exc:
        raise K8sError(
            f"path: {path} is there and is no kubeconfig of one user and one cluster; it is left alone"
        ) from exc


def kubeconfig_text(held: Held, user: str) -> str:
    """The file for `kubectl --kubeconfig`. The name of the user in it is one for people."""
    cluster: dict[str, Any] = {"server": held.server}
    if held.insecure:
        cluster["insecure-skip-tls-verify"] = True
    elif held.ca:
        cluster["certificate-authority-data"] = _encoded(held.ca)
    login: dict[str, Any] = {"token": held.token}
    if held.certificate:
        login = {"client-certificate-data": _encoded(held.certificate), "client-key-data": _encoded(held.key)}
    context: dict[str, Any] = {"cluster": "cluster", "user": user}
    if held.namespace:
        context["namespace"] = held.namespace
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": held.context, "context": context}],
        "current-context": held.context,
    }
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return text


def check_folder(path: str) -> None:
    """Raise K8sError where the file could not be written: a credential is not asked for that has no place to go."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise K8sError(f"path: there is no folder {folder}")
    if os.path.isdir(path):
        raise K8sError(f"path: {path} is a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise K8sError(f"path: {folder} cannot be written to")


@contextlib.contextmanager
def private_file(text: str, beside: str | None = None) -> Any:
    """A file of mode 0600 with this text, for as long as the block lasts; in the folder of `beside`, where given.

    Yields its path. The file may have been moved away meanwhile.
    """
    folder = os.path.dirname(os.path.abspath(beside)) if beside else None
    try:
        handle, path = tempfile.mkstemp(prefix=".bulkhead-", dir=folder)
    except OSError as exc:
        raise K8sError(f"{folder or tempfile.gettempdir()} cannot be written to: {exc.strerror}") from exc
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield path
    except OSError as exc:
        raise K8sError(f"{path} cannot be written: {exc.strerror}") from exc
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _held(content: Any) -> Held:
    """Raises LookupError, TypeError or AttributeError where a part is missing or is something else."""
    contexts, clusters, users = (_named(content, key) for key in ("contexts", "clusters", "users"))
    if len(users) > 1 or len(clusters) > 1:
        raise LookupError("a kubeconfig of somebody who uses several")
    current = str(content["current-context"])
    context = contexts[current]["context"]
    cluster, user = clusters[context["cluster"]]["cluster"], users[context["user"]]["user"]
    return Held(
        server=str(cluster.get("server") or "").rstrip("/"),
        ca=_decoded(cluster.get("certificate-authority-data")),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        certificate=_decoded(user.get("client-certificate-data")),
        key=_decoded(user.get("client-key-data")),
        token=str(user.get("token") or ""),
        context=current,
        namespace=str(context.get("namespace") or ""),
    )


def _named(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {str(entry["name"]): entry for entry in content[key]}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(text: Any) -> str:
    return base64.b64decode(str(text or ""), validate=True).decode()

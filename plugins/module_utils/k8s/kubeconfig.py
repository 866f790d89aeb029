# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a kubeconfig through the `kubernetes` library, and say in one sentence where it cannot be used.

The library logs it when the plugin of a user fails, and goes on as system:anonymous. That is caught here.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ConnectionOptionsError

try:
    import yaml
    from kubernetes.client.configuration import Configuration
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger
except ImportError:  # connection.require_kubernetes() says so
    HAS_KUBERNETES = False
else:
    HAS_KUBERNETES = True

_VARIABLES = ("K8S_AUTH_KUBECONFIG", "KUBECONFIG")
_DEFAULT = "~/.kube/config"
_IMPERSONATING = ("as", "as-uid", "as-groups", "as-user-extra")


def load_kubeconfig(
    configuration: Configuration, kubeconfig: str | None, context: str | None, timeout: float = 30.0
) -> None:
    """Fill the configuration from a path (several with `:` between), or from where kubectl looks.

    timeout: seconds that a plugin may take. Raises ConnectionOptionsError.
    """
    where = _path(kubeconfig)
    try:
        content = KubeConfigMerger(where).config
        chosen = _context(where, content, context)
        with _complaints() as complaints:
            loader = KubeConfigLoader(content, active_context=chosen["name"], config_base_path=_folder(where))
            _in_time(lambda: loader.load_and_set(configuration), timeout, where)
    except ConfigException as exc:
        raise ConnectionOptionsError(f"{where}: {' '.join(str(exc).split())}") from exc
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, KeyError) as exc:
        # Nothing of the content: a kubeconfig holds keys.
        raise ConnectionOptionsError(f"{where} is no kubeconfig ({type(exc).__name__})") from exc
    except OSError as exc:
        raise ConnectionOptionsError(f"{where}: {exc.filename or ''} cannot be read: {exc.strerror}") from exc
    _require_identity(where, content, chosen, configuration, complaints)


def _path(kubeconfig: str | None) -> str:
    given = kubeconfig or next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), None)
    files = [os.path.expanduser(name) for name in (given or _DEFAULT).split(os.pathsep) if name]
    there = [name for name in files if os.path.isfile(name)]
    if there:
        return os.pathsep.join(there)
    if given and ("{" in given or "\n" in given):
        # Not shown: the content of a kubeconfig, which holds keys.
        raise ConnectionOptionsError("kubeconfig takes the path of a file, and was given the content of one")
    if given:
        raise ConnectionOptionsError(f"kubeconfig: there is no file {given}")
    raise ConnectionOptionsError(
        "No cluster is named: give kubeconfig or host, or in_cluster to use the identity of the pod that this runs in"
    )


def _folder(where: str) -> str | None:
    """Where relative paths start. Of several files the library knows; of one, old releases run a plugin nowhere."""
    return None if os.pathsep in where else os.path.dirname(os.path.abspath(where))


def _value(content: Any, name: str) -> Any:
    """What the library's own kind of mapping holds, null where there is nothing."""
    found = content.safe_get(name)
    return getattr(found, "value", found)


def _entries(content: Any, name: str) -> list[Mapping[str, Any]]:
    entries = (getattr(entry, "value", entry) for entry in _value(content, name) or ())
    return [entry for entry in entries if isinstance(entry, Mapping)]


def _context(where: str, content: Any, wanted: str | None) -> Mapping[str, Any]:
    contexts = _entries(content, "contexts") if content is not None else []
    if not contexts:
        raise ConnectionOptionsError(f"{where}: there is no context in it")
    name = wanted or _value(content, "current-context")
    names = ", ".join(sorted(str(entry.get("name")) for entry in contexts))
    if not name:
        raise ConnectionOptionsError(f"{where} names no current context: give context, one of {names}")
    for entry in contexts:
        if entry.get("name") == name:
            return entry
    raise ConnectionOptionsError(f"{where}: there is no context {name!r}, only {names}")


def _require_identity(
    where: str, content: Any, context: Mapping[str, Any], configuration: Configuration, complaints: list[str]
) -> None:
    name = (context.get("context") or {}).get("user")
    user = next((entry.get("user") or {} for entry in _entries(content, "users") if entry.get("name") == name), None)
    if user is None:
        raise ConnectionOptionsError(f"{where}: context {context['name']!r} names user {name!r}, who is not in it")
    if any(user.get(option) for option in _IMPERSONATING):
        # The library passes over it, and would act with the rights of the user himself.
        raise ConnectionOptionsError(
            f"{where}: user {name!r} acts as somebody else; say so with impersonate_user instead of in the kubeconfig"
        )
    if not configuration.host.startswith(("https://", "http://")):
        raise ConnectionOptionsError(
            f"{where}: server is an URL such as https://cluster.example.com:6443, not {configuration.host!r}"
        )
    if configuration.cert_file or configuration.auth_settings() or configuration.username:
        return
    if "exec" in user or "auth-provider" in user:
        kind = "exec plugin" if "exec" in user else "auth-provider"
        reason = f": {complaints[0]}" if complaints else ""
        raise ConnectionOptionsError(f"{where}: the {kind} of user {name!r} gave no credentials{reason}")


def _in_time(load: Callable[[], None], timeout: float, where: str) -> None:
    """Load, but do not wait for ever: a plugin may ask somebody who is not there, and the library would wait for it."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            load()
        except Exception as exc:  # noqa: BLE001 - raised again where it is waited for
            raised.append(exc)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise ConnectionOptionsError(f"{where}: its exec plugin gave no credentials in {timeout:g} s")
    if raised:
        raise raised[0]


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What the library logs meanwhile, which is how it tells that a plugin failed; kept off the terminal."""
    said: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(" ".join(record.getMessage().split())[:500])

    root, collector = logging.getLogger(), Collector()
    before = root.handlers[:]
    root.handlers[:] = [collector]
    try:
        yield said
    finally:
        root.handlers[:] = before

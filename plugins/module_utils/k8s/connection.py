# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the Kubernetes modules are told which cluster to talk to, and as whom.

The order is that of kubectl, but for one thing: the identity of the pod that Ansible may run in is never used unless
`in_cluster` asks for it. An execution environment is such a pod, and its ServiceAccount is not the user.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ConnectionOptionsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.static_kubeconfig import static_cluster

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from kubernetes.client.configuration import Configuration

# Importing it costs a third of a second of CPU: that is left to where it is needed.
HAS_KUBERNETES = find_spec("kubernetes") is not None
# Of the options below, those that only make sense beside `host`.
_WITH_HOST = ("api_key", "ca_cert", "client_cert", "client_key")
MUTUALLY_EXCLUSIVE = [["kubeconfig", "host"], ["context", "host"]]
REQUIRED_TOGETHER = [["client_cert", "client_key"]]
# What AWX gives a job that has a credential of the type "OpenShift or Kubernetes API Bearer Token".
_AWX = {
    "host": "K8S_AUTH_HOST",
    "api_key": "K8S_AUTH_API_KEY",
    "ca_cert": "K8S_AUTH_SSL_CA_CERT",
    "validate_certs": "K8S_AUTH_VERIFY_SSL",
}


def connection_argument_spec() -> dict[str, dict[str, Any]]:
    """The argument spec of the options that the doc fragment `k8s` describes."""
    return {
        "kubeconfig": {"type": "path"},
        "context": {"type": "str"},
        "host": {"type": "str"},
        "api_key": {"type": "str", "no_log": True},
        "ca_cert": {"type": "path"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "validate_certs": {"type": "bool", "default": True},
        "impersonate_user": {"type": "str"},
        "impersonate_groups": {"type": "list", "elements": "str", "default": []},
        "proxy_url": {"type": "str"},
        "in_cluster": {"type": "bool", "default": False},
        "expect_cluster": {"type": "str"},
        "timeout": {"type": "float", "default": 30.0},
    }


def require_kubernetes(module: AnsibleModule) -> None:
    """Fail with the way to install it where the library is missing."""
    if not HAS_KUBERNETES:
        module.fail_json(msg=missing_required_lib("kubernetes"))


def connect(params: Mapping[str, Any]) -> Cluster:
    """The cluster that a module's parameters name. Nothing is sent, unless `expect_cluster` asks to make sure.

    Raises ConnectionOptionsError for unusable options, ApiStatus or Unreachable from the check of `expect_cluster`.
    """
    if float(params["timeout"]) <= 0:
        raise ConnectionOptionsError("timeout must be more than 0 seconds")
    configuration, pool = static_cluster(params) or _library_cluster(params)
    cluster = Cluster(configuration, pool, timeout=float(params["timeout"]), headers=_impersonation(params))
    expected = params.get("expect_cluster")
    if expected and cluster.identity() != expected:
        raise ConnectionOptionsError(
            f"{cluster.address} is cluster {cluster.identity()}, and expect_cluster is {expected}: nothing was done"
        )
    return cluster


def _library_cluster(params: Mapping[str, Any]) -> tuple[Configuration, Any]:
    """(configuration, pool of connections) of the `kubernetes` library."""
    import urllib3
    from kubernetes.client import ApiClient

    configuration = _configuration(params)
    if params.get("proxy_url"):
        configuration.proxy = params["proxy_url"]
    if not configuration.verify_ssl:
        urllib3.disable_warnings(
            urllib3.exceptions.InsecureRequestWarning
        )  # it was asked for; once is enough to say so
    return configuration, ApiClient(configuration).rest_client.pool_manager


def _configuration(params: Mapping[str, Any]) -> Configuration:
    from kubernetes.client.configuration import Configuration
    from kubernetes.config import load_incluster_config
    from kubernetes.config.config_exception import ConfigException

    from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.kubeconfig import load_kubeconfig

    if params.get("in_cluster") and any(params.get(name) for name in ("kubeconfig", "context", "host")):
        raise ConnectionOptionsError("in_cluster goes without kubeconfig, context and host")
    given = _given_or_awx(params)
    beside = [name for name in _WITH_HOST if given.get(name)]
    if beside and not given.get("host"):
        raise ConnectionOptionsError(f"{beside[0]} goes with host; a kubeconfig and in_cluster bring their own")
    configuration = Configuration()
    configuration.connection_pool_maxsize = 16
    try:
        if given.get("host"):
            _take_options(configuration, given)
        elif given.get("in_cluster"):
            load_incluster_config(client_configuration=configuration)
        else:
            load_kubeconfig(configuration, params.get("kubeconfig"), params.get("context"), float(params["timeout"]))
    except ConfigException as exc:
        raise ConnectionOptionsError(f"in_cluster: {' '.join(str(exc).split())}") from exc
    if params.get("validate_certs") is False:
        configuration.verify_ssl = False
    return configuration


def _given_or_awx(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options, or where none of them names a cluster, what AWX put into the environment."""
    given = dict(params)
    if given.get("kubeconfig") or given.get("host") or given.get("in_cluster") or given.get("context"):
        return given
    if not os.environ.get(_AWX["host"]):
        return given
    awx: dict[str, Any] = {name: os.environ[key] for name, key in _AWX.items() if os.environ.get(key)}
    if str(awx.pop("validate_certs", "true")).lower() in ("false", "no", "0", "off"):
        given["validate_certs"] = False
    return {**given, **awx}


def _take_options(configuration: Configuration, given: Mapping[str, Any]) -> None:
    host = str(given["host"])
    if not host.startswith(("https://", "http://")):
        raise ConnectionOptionsError(f"host is an URL such as https://cluster.example.com:6443, not {host!r}")
    for name in ("ca_cert", "client_cert", "client_key"):
        if given.get(name) and not os.path.isfile(given[name]):
            raise ConnectionOptionsError(f"{name}: there is no file {given[name]}")
    configuration.host = host.rstrip("/")
    configuration.ssl_ca_cert = given.get("ca_cert")
    configuration.cert_file = given.get("client_cert")
    configuration.key_file = given.get("client_key")
    configuration.verify_ssl = bool(given.get("validate_certs", True))
    if given.get("api_key"):
        configuration.api_key = {"authorization": f"Bearer {given['api_key']}"}


def _impersonation(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    user, groups = params.get("impersonate_user"), list(params.get("impersonate_groups") or ())
    if groups and not user:
        raise ConnectionOptionsError("impersonate_groups goes with impersonate_user")
    headers = [("Impersonate-User", str(user))] if user else []
    return headers + [("Impersonate-Group", group) for group in groups]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that every module of ours that talks to a Kubernetes API server has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation fragment `bulkhead.container_security.k8s`."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig, or several with C(:) between them.
      - Without it, and without O(host) and O(in_cluster), what AWX hands over (E(K8S_AUTH_HOST),
        E(K8S_AUTH_API_KEY), E(K8S_AUTH_SSL_CA_CERT), E(K8S_AUTH_VERIFY_SSL), E(K8S_AUTH_KUBECONFIG)) is used, then
        E(KUBECONFIG), then C(~/.kube/config).
    type: path
  context:
    description:
      - The context of the kubeconfig. Without it, the current one.
    type: str
  host:
    description:
      - URL of the API server, such as V(https://cluster.example.com:6443), to do without a kubeconfig.
    type: str
  api_key:
    description:
      - A bearer token. Needs O(host).
    type: str
  ca_cert:
    description:
      - PEM file of the authority that signed the certificate of the API server. Needs O(host).
    type: path
  client_cert:
    description:
      - PEM file of the client certificate. Needs O(host) and O(client_key).
    type: path
  client_key:
    description:
      - PEM file of the private key of the client. Needs O(host) and O(client_cert).
    type: path
  validate_certs:
    description:
      - Whether the certificate of the API server must be valid for its address.
    type: bool
    default: true
  impersonate_user:
    description:
      - Act as this user, which the own identity must be allowed to impersonate.
    type: str
  impersonate_groups:
    description:
      - Act as a member of these groups. Needs O(impersonate_user).
    type: list
    elements: str
    default: []
  proxy_url:
    description:
      - URL of an HTTP proxy on the way to the API server.
    type: str
  in_cluster:
    description:
      - Use the ServiceAccount of the pod that Ansible runs in. It is never used unasked, for the pod of an execution
        environment is not the user.
    type: bool
    default: false
  expect_cluster:
    description:
      - The uid of the namespace C(kube-system), which tells one cluster from every other. Another cluster is refused.
    type: str
  timeout:
    description:
      - Seconds to wait for each answer of the API server, and for the plugin that a kubeconfig may name.
    type: float
    default: 30.0
requirements:
  - kubernetes >= 22.6 (on the target; not 31, 32 and 36.0.0, which are broken)
notes:
  - The target is the machine that speaks to the API server, mostly the controller itself (C(connection=local)).
"""

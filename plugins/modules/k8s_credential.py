#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_credential
short_description: Issue, rotate and revoke credentials of Kubernetes
version_added: 0.2.0
description:
  - Issues a client certificate through a CertificateSigningRequest, or a token of a ServiceAccount, and writes it into
    a kubeconfig. The private key is made on the target and does not leave it.
  - Renews it before it expires, and leaves it alone while it serves. Whether it serves is proven by a login.
  - Revokes a user or a ServiceAccount with O(state=revoked), and says what that cannot reach.
author: Bulkhead contributors (@bulkhead-security)
options:
  state:
    description:
      - V(present) sees to it that O(path) holds a credential that serves.
      - V(revoked) takes the grants of a O(user) away, or makes every token of a O(service_account) worthless, and
        removes the kubeconfig at O(path) where it is one of theirs.
    type: str
    choices: [present, revoked]
    default: present
  type:
    description:
      - V(client_certificate) is for a O(user). The cluster's signer must serve O(signer_name).
      - V(token) is one of O(service_account) that expires, by TokenRequest.
      - V(token_secret) is one of O(service_account) in a Secret, which never expires. Prefer V(token).
    type: str
    choices: [client_certificate, token, token_secret]
    default: client_certificate
  user:
    description:
      - The name of the user. In a certificate it is the common name, of 64 characters at most.
    type: str
  groups:
    description:
      - The groups of the user. In a certificate they are the organizations.
      - With O(state=revoked), groups in which the user is known to be, beside those of the certificate at O(path). What
        they grant is reported.
    type: list
    elements: str
    default: []
  allow_privileged_groups:
    description:
      - Allow groups and users of the cluster itself, such as V(system:masters), which no RBAC rule limits.
    type: bool
    default: false
  service_account:
    description:
      - The name of the ServiceAccount. Needs O(namespace).
    type: str
  namespace:
    description:
      - The namespace of the ServiceAccount.
    type: str
  audiences:
    description:
      - Whom the token is for. Without it, the API server.
    type: list
    elements: str
    default: []
  bound_object:
    description:
      - The object with which the token ends.
    type: dict
    suboptions:
      kind:
        description: The kind of the object.
        type: str
        choices: [Pod, Secret]
        required: true
      name:
        description: The name of the object, in the namespace of the ServiceAccount.
        type: str
        required: true
      uid:
        description: The uid of the object, where it must be a certain one.
        type: str
  secret_name:
    description:
      - The Secret with O(type=token_secret). The default is the name of the ServiceAccount with C(-token-bulkhead).
    type: str
  expiration_seconds:
    description:
      - For how long the credential is asked for. The cluster may give another time.
      - For certificates it needs Kubernetes 1.22; before, there is a warning.
    type: int
  renew_before:
    description:
      - Renew a credential that has fewer seconds left. The default is a third of its life.
    type: int
  signer_name:
    description:
      - Who signs certificates.
    type: str
    default: kubernetes.io/kube-apiserver-client
  wait_timeout:
    description:
      - Seconds to wait for the certificate, for the token in a Secret, and for the first login.
    type: float
    default: 60.0
  path:
    description:
      - Where the kubeconfig goes. Its folder must exist. A kubeconfig of somebody else is refused.
    type: path
  mode:
    description:
      - The mode of the file, as octal digits in quotes.
    type: raw
    default: "0600"
  force:
    description:
      - Put the credential in the place of somebody else's at O(path).
    type: bool
    default: false
  server:
    description:
      - The address of the API server to write into the kubeconfig. The default is the one that this task uses.
    type: str
  context_name:
    description:
      - The name of the context in the kubeconfig. The default is the name of the user.
    type: str
  context_namespace:
    description:
      - The namespace of the context in the kubeconfig.
    type: str
  return_content:
    description:
      - Return the kubeconfig, which is a secret. Set C(no_log) on the task, and beware of callbacks.
    type: bool
    default: false
  remove_grants:
    description:
      - With O(state=revoked), whether to take the subject out of every RoleBinding and ClusterRoleBinding. The default
        is yes for a O(user), and no for a O(service_account), whose workloads need them.
    type: bool
  protected_namespaces:
    description:
      - With O(state=revoked), namespaces whose ServiceAccounts are not touched.
    type: list
    elements: str
    default: [kube-system, kube-public, kube-node-lease]
  backup_dir:
    description:
      - With O(state=revoked), the folder for a file with every object as it was. It is made where it is missing.
    type: path
    default: ~/.local/state/bulkhead/k8s_credential
extends_documentation_fragment:
  - bulkhead.container_security.k8s
  - ansible.builtin.files
attributes:
  check_mode:
    description: Predicts the same changes. Certificates and tokens are not issued.
    support: full
  diff_mode:
    description: Shows names, dates and fingerprints, and the bindings that lose a subject; never a secret.
    support: full
  idempotent:
    description:
      - A credential that serves is kept. Without O(path) there is nothing to keep, and each run issues one.
      - Each run with O(state=revoked) and O(service_account) makes the ServiceAccount anew.
    support: partial
requirements:
  - cryptography (the Python library) or openssl (the program) on the target, for certificates
"""

EXAMPLES = r"""
- name: A certificate for a developer, renewed when it has less than a week left
  bulkhead.container_security.k8s_credential:
    user: ada
    groups: [shop-developers]
    path: /home/ada/.kube/shop.conf
    owner: ada
    expiration_seconds: 2592000
    renew_before: 604800

- name: A token for the pipeline, for one hour
  bulkhead.container_security.k8s_credential:
    type: token
    service_account: deployer
    namespace: shop
    expiration_seconds: 3600
    path: /var/lib/pipeline/kubeconfig

- name: Ada has left
  bulkhead.container_security.k8s_credential:
    state: revoked
    user: ada
    groups: [shop-developers]
    path: /home/ada/.kube/shop.conf
  register: revoked

- name: Make the tokens of a ServiceAccount worthless
  bulkhead.container_security.k8s_credential:
    state: revoked
    service_account: deployer
    namespace: shop
"""

RETURN = r"""
credential:
  description: The credential, without anything secret. In check mode, what is known of it before it is issued.
  returned: success
  type: dict
  contains:
    user: {description: The name by which the API server knows the holder., type: str, returned: always}
    groups: {description: The groups in the certificate., type: list, elements: str, returned: always}
    issuer: {description: The common name of the authority., type: str, returned: always}
    not_before: {description: Since when it is valid., type: str, returned: always}
    not_after: {description: Until when it is valid., type: str, returned: always}
    fingerprint: {description: SHA-256 of the certificate or token., type: str, returned: always}
reasons:
  description: With O(state=present), why another credential was needed; empty where the present one serves.
  returned: success
  type: list
  elements: str
  sample: [it has expired]
kubeconfig:
  description: The content of the kubeconfig.
  returned: O(return_content=true)
  type: str
removed:
  description:
    - What was taken away or made anew, with action C(deleted), C(subject_removed) or C(recreated).
  returned: O(state=revoked)
  type: list
  elements: dict
  sample: [{kind: RoleBinding, namespace: shop, name: ada-edits, role: edit, action: deleted}]
remaining_access:
  description:
    - What the subject can still do through groups, which its name does not tell, as the binding and its role.
  returned: O(state=revoked)
  type: list
  elements: dict
  sample: [{group: shop-developers, kind: RoleBinding, namespace: shop, name: developers, role: ClusterRole edit}]
certificates:
  description:
    - Certificates of the user that are known, each with C(not_after). Kubernetes cannot revoke them, so the user goes
      on being let in until then, without the grants that were removed.
  returned: O(state=revoked)
  type: list
  elements: dict
pods:
  description:
    - Pods that use the ServiceAccount whose tokens were made worthless. They need a restart, which is left to you.
  returned: O(state=revoked)
  type: list
  elements: str
  sample: [shop/web-0]
ca_rotation:
  description:
    - The steps after which the user's certificates are worthless, and what each depends on. Nobody carries them out.
  returned: O(state=revoked)
  type: list
  elements: dict
backup:
  description: The file with every object as it was, empty where nothing was touched.
  returned: O(state=revoked)
  type: str
"""

import os
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.present import present
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.revoke import revoke
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.subject import check_subject
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    texts = ("user", "service_account", "namespace", "server", "context_name", "context_namespace")
    spec: dict[str, dict[str, Any]] = {name: {"type": "str"} for name in texts}
    types = ["client_certificate", "token", "token_secret"]
    return {
        **connection_argument_spec(),
        **spec,
        "state": {"type": "str", "choices": ["present", "revoked"], "default": "present"},
        "type": {"type": "str", "choices": types, "default": types[0]},
        "groups": {"type": "list", "elements": "str", "default": []},
        "allow_privileged_groups": {"type": "bool", "default": False},
        "audiences": {"type": "list", "elements": "str", "default": []},
        "bound_object": {
            "type": "dict",
            "options": {
                "kind": {"type": "str", "choices": ["Pod", "Secret"], "required": True},
                "name": {"type": "str", "required": True},
                "uid": {"type": "str"},
            },
        },
        "secret_name": {"type": "str", "no_log": False},
        "expiration_seconds": {"type": "int"},
        "renew_before": {"type": "int"},
        "signer_name": {"type": "str", "default": "kubernetes.io/kube-apiserver-client"},
        "wait_timeout": {"type": "float", "default": 60.0},
        "path": {"type": "path"},
        "mode": {"type": "raw", "default": "0600"},
        "force": {"type": "bool", "default": False},
        "return_content": {"type": "bool", "default": False},
        "remove_grants": {"type": "bool"},
        "protected_namespaces": {
            "type": "list",
            "elements": "str",
            "default": ["kube-system", "kube-public", "kube-node-lease"],
        },
        "backup_dir": {"type": "path", "default": "~/.local/state/bulkhead/k8s_credential"},
    }


def main() -> None:
    """Do what the state asks for."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        add_file_common_args=True,
        mutually_exclusive=[*MUTUALLY_EXCLUSIVE, ["user", "service_account"]],
        required_one_of=[["user", "service_account"]],
        required_together=[*REQUIRED_TOGETHER, ["service_account", "namespace"]],
    )
    require_kubernetes(module)
    # The client library, too, writes keys that it logs in with into files: they go when the module's own folder goes.
    tempfile.tempdir = module.tmpdir
    try:
        check_subject(module.params)
        cluster = connect(module.params)
        try:
            work = present if module.params["state"] == "present" else revoke
            result = work(cluster, module)
        finally:
            cluster.close()
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    except OSError as exc:
        module.fail_json(msg=f"{exc.filename or os.getcwd()}: {exc.strerror}")
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()

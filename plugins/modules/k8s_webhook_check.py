#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_webhook_check
short_description: Ask an admission webhook a question, on the way that an API server takes
version_added: 0.4.0
description:
  - Sends an admission review to a webhook behind a Service, through the API server. A webhook that does not answer it
    must not be registered, or it would stop whatever it is asked about.
  - Tells, too, what the webhook would say of images, before anybody is made to depend on it. No object is made.
  - Needs the right to C(create) C(services/proxy) in the namespace.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
options:
  namespace:
    description: The namespace of the Service.
    type: str
    required: true
  service:
    description: Its name. Its port has the name C(https).
    type: str
    required: true
  path:
    description: The path of the webhook.
    type: str
    default: /validate
  images:
    description: Images of a pod to ask about. Without any, only that an answer comes is looked at.
    type: list
    elements: str
    default: []
  as_namespace:
    description: The namespace that the pod would be in.
    type: str
    default: default
  wait_timeout:
    description: Seconds to try until an answer comes.
    type: float
    default: 30.0
attributes:
  check_mode:
    description: Nothing is ever changed.
    support: full
  diff_mode:
    description: Nothing is ever changed.
    support: none
  idempotent:
    description: Nothing is ever changed.
    support: full
"""

EXAMPLES = r"""
- name: See what the webhook would say of an image
  bulkhead.container_security.k8s_webhook_check:
    namespace: bulkhead-admission
    service: bulkhead-admission
    images: [registry.example.com/shop/web:1.4]
  register: admission
"""

RETURN = r"""
allowed:
  description: Whether the pod would be admitted.
  returned: success
  type: bool
message:
  description: Why it would not be.
  returned: success
  type: str
warnings_of_webhook:
  description: What the webhook warns of.
  returned: success
  type: list
  elements: str
audit_annotations:
  description: What it writes into the audit log of the API server.
  returned: success
  type: dict
"""

import time
import uuid
from typing import Any
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_VERSION = "admission.k8s.io/v1"
_PAUSE = 1.0


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    return {
        **connection_argument_spec(),
        "namespace": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "path": {"type": "str", "default": "/validate"},
        "images": {"type": "list", "elements": "str", "default": []},
        "as_namespace": {"type": "str", "default": "default"},
        "wait_timeout": {"type": "float", "default": 30.0},
    }


def review(images: list[str], namespace: str) -> dict[str, Any]:
    """The question that an API server would send about a new pod."""
    containers = [{"name": f"image-{number}", "image": image} for number, image in enumerate(images)]
    pod = {"metadata": {"name": "webhook-check", "namespace": namespace}, "spec": {"containers": containers}}
    request = {
        "uid": str(uuid.uuid4()),
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "name": "webhook-check",
        "namespace": namespace,
        "operation": "CREATE",
        "userInfo": {"username": "bulkhead:webhook-check"},
        "object": pod,
        "dryRun": True,
    }
    return {"apiVersion": _VERSION, "kind": "AdmissionReview", "request": request}


def ask(cluster: Cluster, path: str, question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The response of the webhook. Tries until the time is over; then raises K8sError."""
    end = time.monotonic() + seconds
    while True:
        try:
            return _response(cluster.request("POST", path, question), question["request"]["uid"])
        except K8sError:
            if time.monotonic() + _PAUSE > end:
                raise
        time.sleep(_PAUSE)


def _response(answer: Any, uid: str) -> dict[str, Any]:
    response = answer.get("response") if isinstance(answer, dict) else None
    if not isinstance(response, dict) or response.get("uid") != uid or not isinstance(response.get("allowed"), bool):
        raise K8sError("The webhook answered with something that is no answer to an admission review")
    return response


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    require_kubernetes(module)
    params = module.params
    service = f"https:{quote(params['service'], safe='')}:https"
    path = f"/api/v1/namespaces/{quote(params['namespace'], safe='')}/services/{service}/proxy{params['path']}"
    try:
        found = ask(connect(params), path, review(params["images"], params["as_namespace"]), params["wait_timeout"])
    except K8sError as exc:
        module.fail_json(msg=f"The webhook {params['namespace']}/{params['service']} does not answer: {exc}")
    module.exit_json(
        changed=False,
        allowed=found["allowed"],
        message=str((found.get("status") or {}).get("message") or ""),
        warnings_of_webhook=found.get("warnings") or [],
        audit_annotations=found.get("auditAnnotations") or {},
    )


if __name__ == "__main__":
    main()

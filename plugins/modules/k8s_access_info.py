#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_access_info
short_description: Who may do what in a cluster, and through which binding
version_added: 0.2.0
description:
  - Answers questions about RBAC in three directions. Who may do something, what somebody may do, and whether somebody
    may do something.
  - Each answer comes with its paths, which lead from the subject over the binding to the role and the rule, and with
    the least role that would do.
  - Rules are matched exactly as the API server's RBAC authorizer does. V(pods/*) is no wildcard, for one, and a rule
    with resource names never allows to list all.
  - All questions of a task are answered from one reading of the cluster, or of manifests without any cluster.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
options:
  questions:
    description:
      - What to answer, in the order of RV(answers).
      - A question with a O(questions[].subject) alone asks what it may do, one with a O(questions[].verb) alone who may
        do that, one with both whether it may.
    type: list
    elements: dict
    default: []
    suboptions:
      subject:
        description:
          - V(User:alice), V(Group:devs), V(ServiceAccount:shop/web), or a bare user name.
          - A ServiceAccount is in the groups that the API server puts it in, and every user in
            C(system:authenticated).
        type: str
      groups:
        description: The other groups that the subject is in. Nothing in a cluster tells the groups of a user.
        type: list
        elements: str
        default: []
      verb:
        description: The verb, such as V(get), V(list), V(create), V(impersonate) or V(use).
        type: str
      resource:
        description: The resource in plural, with its subresource if it is about one, as in V(pods/exec).
        type: str
      api_group:
        description:
          - The API group of the resource, an empty text for the core group.
          - Without it, the group that Kubernetes itself serves the resource in, and the core group for others.
        type: str
      name:
        description: The object's name. Without it, the question is about all of them.
        type: str
      namespace:
        description:
          - The namespace. Without it, the question is about all namespaces, or about what lies in none.
          - With a subject alone, only the rules that count in this namespace are told.
        type: str
      non_resource_url:
        description: A path of the API server that is no resource, such as V(/metrics), instead of a resource.
        type: str
  definitions:
    description:
      - Answer from these roles and bindings instead of a cluster, given as a list of objects or of texts of YAML.
      - What aggregated roles come to is computed. Objects of other kinds are left alone.
    type: raw
  src:
    description: As O(definitions), from files of YAML or JSON on the target, or from folders of them.
    type: list
    elements: path
    default: []
  verify:
    description:
      - Ask the API server too whether somebody may, by a C(SubjectAccessReview), and warn where it answers otherwise,
        as other authorizers may beside RBAC.
      - The own identity must be allowed to create one.
    type: bool
    default: false
  audit_log:
    description:
      - Files on the target with a log of the API server's audit, a line of JSON an event. Those that end in V(.gz) are
        unpacked. They are read line by line, however long they are.
      - Tells which grants the log never shows, and which least roles come of what it shows. RV(usage) is as good as the
        log. It needs the level C(Metadata) for every request, and a window that holds the rare jobs too.
    type: list
    elements: path
    default: []
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
seealso:
  - module: bulkhead.container_security.k8s_audit
"""

EXAMPLES = r"""
- name: Who reads Secrets in the namespace shop, and may the pipeline deploy?
  bulkhead.container_security.k8s_access_info:
    questions:
      - verb: get
        resource: secrets
        namespace: shop
      - subject: ServiceAccount:ci/deployer
        verb: patch
        resource: deployments
        namespace: shop
    verify: true
  register: access

- name: Show through which binding
  ansible.builtin.debug:
    msg: "{{ access.answers[1].paths }}"

- name: Everything that a developer may do
  bulkhead.container_security.k8s_access_info:
    questions:
      - subject: User:alice
        groups: [devs]

- name: Which grants were never used in the days that the log covers?
  bulkhead.container_security.k8s_access_info:
    audit_log: [/var/log/kubernetes/audit.log]
  become: true

- name: Ask the manifests of a repository, without a cluster
  bulkhead.container_security.k8s_access_info:
    src: [manifests/rbac]
    questions:
      - verb: create
        resource: pods/exec
        namespace: shop
"""

RETURN = r"""
answers:
  description: An answer to each question, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    question:
      description: The question.
      type: dict
    allowed:
      description: Whether the subject may.
      returned: for a question with subject and verb
      type: bool
    server_allowed:
      description: What the API server answers.
      returned: for a question with subject and verb, when O(verify) is true
      type: bool
    paths:
      description: Why, path by path. A group stands as the subject where the access comes through it.
      returned: for a question with a verb
      type: list
      elements: dict
      sample:
        - subject: {kind: Group, name: devs}
          binding: {kind: RoleBinding, name: devs, namespace: shop}
          role: {kind: Role, name: deployer, namespace: shop}
          rule_index: 0
          rule: {verbs: [get, patch], apiGroups: [apps], resources: [deployments]}
          namespace: shop
    subjects:
      description: Who may. Members of C(system:masters) always may, and are not told.
      returned: for a question without subject
      type: list
      elements: dict
    rules:
      description: The rules that count for the subject, as in RV(answers[].paths). A namespace of null is all of them.
      returned: for a question without verb
      type: list
      elements: dict
    groups:
      description: The groups that were taken into account.
      returned: for a question with a subject
      type: list
      elements: str
    superuser:
      description: Whether the subject is in C(system:masters), whom the API server allows everything.
      returned: for a question with a subject
      type: bool
    minimal_role:
      description: The least role that allows it.
      returned: for a question with a verb
      type: dict
minimal_roles:
  description: For each subject and namespace, the least role that says yes to all of the questions about them.
  returned: success
  type: list
  elements: dict
  sample:
    - subject: {kind: User, name: alice}
      namespace: shop
      role:
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: minimal, namespace: shop}
        rules: [{verbs: [get], apiGroups: [""], resources: [pods]}]
usage:
  description: What of the grants was used.
  returned: when O(audit_log) is given
  type: dict
  contains:
    log:
      description: How many events were read, how many lines were none, and the time of the first and the last request.
      type: dict
      sample: {events: 181220, unreadable: 0, first: "2026-01-01T00:00:00.000000Z", last: "2026-01-31T23:59:59.000000Z"}
    unused:
      description: For each subject, the rules that nobody used. What came with the cluster is left out.
      type: list
      elements: dict
      sample:
        - subject: {kind: User, name: alice}
          grants: ["RoleBinding shop/ops → Role shop/ops rule 1, in shop"]
    minimal_roles:
      description: For each user and ServiceAccount of the log, and each namespace, the least role for what it did.
      type: list
      elements: dict
requests:
  description: Number of requests made to the API server.
  returned: success
  type: int
  sample: 4
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.source import (
    file_definitions,
    given_definitions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.aggregation import aggregated
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.answers import (
    answer,
    minimal_roles,
    verified,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import Authorizer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.questions import question_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import (
    read_cluster,
    read_definitions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.usage import Usage


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    texts = ("subject", "verb", "resource", "api_group", "name", "namespace", "non_resource_url")
    question: dict[str, dict[str, Any]] = {name: {"type": "str"} for name in texts}
    question["groups"] = {"type": "list", "elements": "str", "default": []}
    return {
        **connection_argument_spec(),
        "questions": {"type": "list", "elements": "dict", "default": [], "options": question},
        "definitions": {"type": "raw"},
        "src": {"type": "list", "elements": "path", "default": []},
        "verify": {"type": "bool", "default": False},
        "audit_log": {"type": "list", "elements": "path", "default": []},
    }


def _definitions(params: dict[str, Any]) -> Authorizer | None:
    """From the manifests that were given, None where none were."""
    if params["definitions"] is None and not params["src"]:
        return None
    if params["verify"]:
        raise K8sError("verify goes without definitions and src: no API server has seen them")
    found = [*given_definitions(params["definitions"]), *file_definitions(params["src"])]
    objects = read_definitions(definition for _where, definition in found)
    return Authorizer(aggregated(objects.roles), objects.bindings)


def _cluster_authorizer(cluster: Cluster) -> Authorizer:
    objects = read_cluster(cluster, accounts=False)
    return Authorizer(objects.roles, objects.bindings)


def _usage(authorizer: Authorizer, files: list[str]) -> dict[str, Any]:
    usage = Usage(authorizer)
    usage.read(files)
    unused = [{"subject": subject.as_dict(), "grants": grants} for subject, grants in usage.unused().items()]
    return {"log": usage.as_dict(), "unused": unused, "minimal_roles": usage.minimal_roles()}


def _compare(module: AnsibleModule, answers: list[dict[str, Any]], verdicts: list[bool | None]) -> None:
    """Put the server's answers beside ours, and warn where they differ."""
    for given, theirs in zip(answers, verdicts):
        if theirs is not None:
            given["server_allowed"] = theirs
            if theirs != given["allowed"]:
                module.warn(f"The API server answers {theirs} to {given['question']}: another authorizer decides.")


def _run(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    questions = [question_from(raw, number) for number, raw in enumerate(params["questions"])]
    authorizer, cluster = _definitions(params), None
    if authorizer is None:
        require_kubernetes(module)
        cluster = connect(params)
        authorizer = _cluster_authorizer(cluster)
    answers = [answer(authorizer, question) for question in questions]
    for raw, given in zip(params["questions"], answers):
        given["question"] = {key: value for key, value in raw.items() if value}
    if cluster is not None and params["verify"]:
        _compare(module, answers, verified(cluster, questions))
    used = {"usage": _usage(authorizer, params["audit_log"])} if params["audit_log"] else {}
    requests = cluster.requests if cluster is not None else 0
    return {"answers": answers, "minimal_roles": minimal_roles(questions), "requests": requests, **used}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    try:
        result = _run(module)
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to questions about access, as a module returns them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import (
    Authorizer,
    Path,
    path_as_dict,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.least_privilege import least_role
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.questions import Question
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.review import review
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import MASTERS

Answer = dict[str, Any]


def answer(authorizer: Authorizer, question: Question) -> Answer:
    """The answer to one question; which keys it has depends on what was asked, see the module k8s_access_info."""
    if question.request is None:
        return {"rules": list(_effective(authorizer, question)), **_membership(question)}
    if question.subject is None:
        paths = [path_as_dict(path, authorizer.roles) for path in authorizer.who(question.request)]
        subjects = list({str(path["subject"]): path["subject"] for path in paths}.values())
        return {"subjects": subjects, "paths": paths, "minimal_role": _least([question])}
    found = authorizer.paths(question.identity, question.request)
    return {
        "allowed": authorizer.allowed(question.identity, question.request),
        "paths": [path_as_dict(path, authorizer.roles) for path in found],
        "minimal_role": _least([question]),
        **_membership(question),
    }


def minimal_roles(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """For each subject and namespace that was asked about, the least role that says yes to all of its questions."""
    asked: dict[tuple[Any, str], list[Question]] = {}
    for question in questions:
        if question.subject is not None and question.request is not None:
            asked.setdefault((question.subject, question.namespace), []).append(question)
    return [
        {"subject": subject.as_dict(), "namespace": namespace or None, "role": _least(together)}
        for (subject, namespace), together in asked.items()
    ]


def verified(cluster: Cluster, questions: Sequence[Question]) -> list[bool | None]:
    """What the API server says to those questions that ask whether somebody may; None for the others.

    Raises ApiStatus, as without the right to ask it, or Unreachable.
    """
    return in_parallel(lambda question: _verdict(cluster, question), questions)


def _verdict(cluster: Cluster, question: Question) -> bool | None:
    if question.subject is None or question.request is None:
        return None
    return review(cluster, question.identity, question.request)


def _effective(authorizer: Authorizer, question: Question) -> Iterator[dict[str, object]]:
    """Each rule that counts for the subject, once a binding; in one namespace, or in all that have bindings."""
    places = [question.namespace] if question.namespace else authorizer.namespaces()
    everywhere = authorizer.grants(question.identity, "")
    here = (
        (binding, subject)
        for place in places
        for binding, subject in authorizer.grants(question.identity, place)
        if binding.namespace
    )
    for binding, subject in (*everywhere, *here):
        for index in range(len(authorizer.rules(binding.role))):
            yield path_as_dict(Path(subject, binding, index), authorizer.roles)


def _membership(question: Question) -> Answer:
    return {"groups": sorted(question.identity.groups), "superuser": MASTERS in question.identity.groups}


def _least(questions: Sequence[Question]) -> dict[str, Any]:
    requests: list[Request] = [question.request for question in questions if question.request is not None]
    return least_role(requests, "minimal", questions[0].namespace)

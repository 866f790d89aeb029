# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module k8s_webhook_check: asks as an API server would, and takes nothing for an answer that is none."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.modules import k8s_webhook_check as module


class Scripted:
    """Answers, or raises, one after the other; the last for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked = 0

    def request(self, _method: str, _path: str, question: dict[str, Any]) -> Any:
        self.asked += 1
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(question["request"]["uid"]) if callable(answer) else answer


def allowed(uid: str) -> dict[str, Any]:
    return {"response": {"uid": uid, "allowed": True}}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.01)


def ask(cluster: Scripted, seconds: float = 0.05) -> dict[str, Any]:
    return module.ask(cast(Cluster, cluster), "/p", module.review(["web:1"], "shop"), seconds)


def test_it_tries_until_an_answer_comes() -> None:
    cluster = Scripted(K8sError("503"), K8sError("503"), allowed)
    assert ask(cluster, 5)["allowed"] is True
    assert cluster.asked == 3


@pytest.mark.parametrize(
    "answer", [None, [], {"response": {}}, {"response": {"uid": "another", "allowed": True}}, K8sError("503")]
)
def test_what_is_no_answer_is_an_error_in_the_end(answer: Any) -> None:
    with pytest.raises(K8sError):
        ask(Scripted(answer))


def test_the_question_is_that_of_a_pod_and_makes_none() -> None:
    request = module.review(["a", "b"], "shop")["request"]
    assert [container["image"] for container in request["object"]["spec"]["containers"]] == ["a", "b"]
    assert (request["dryRun"], request["namespace"], request["operation"]) == (True, "shop", "CREATE")

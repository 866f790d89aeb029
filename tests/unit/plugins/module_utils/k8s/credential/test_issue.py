# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the credential that is there serves, for every reason for which it may not."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.issue import (
    judge,
    wanted_user,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import Held
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.plugins.module_utils.k8s.credential.certificates import certificate, token
from tests.unit.scripted_api import Reply, parameters, scripted

DAY = 86400
ADA = {"type": "client_certificate", "user": "ada", "groups": ["shop"], "path": "/x"}
ROBOT = {"type": "token", "service_account": "robot", "namespace": "shop", "path": "/x"}
ROBOT_NAME = "system:serviceaccount:shop:robot"
LATER = 4102444800  # 2100


def reasons(params: dict[str, Any], held: Held | None, *replies: Reply) -> list[str]:
    with scripted(*(replies or [Reply(201)])) as api:
        return list(judge(api.cluster(), {**parameters(), **params}, held).reasons)


@pytest.fixture
def ada(tmp_path: Path) -> Held:
    pem, key = certificate(tmp_path, "/O=shop/CN=ada", days=10)
    return Held(certificate=pem, key=key)


def test_a_certificate_that_serves(ada: Held) -> None:
    assert reasons(ADA, ada) == []
    assert reasons({**ADA, "renew_before": 9 * DAY}, ada) == []


def test_a_certificate_that_does_not(ada: Held, tmp_path: Path) -> None:
    assert reasons(ADA, None) == ["there is none"]
    assert reasons({**ADA, "groups": ["shop", "ops"]}, ada) == ["its groups are shop"]
    assert reasons({**ADA, "renew_before": 11 * DAY}, ada) == [f"it expires in less than {11 * DAY} s"]
    other = certificate(tmp_path, "/O=shop/CN=ada")[1]
    assert reasons(ADA, replace(ada, key=other)) == ["its key belongs to another certificate"]
    assert reasons(ADA, replace(ada, key="")) == ["its key belongs to another certificate"]
    assert "of another cluster" in reasons(ADA, ada, Reply(401))[0]
    assert "no PEM" in reasons(ADA, replace(ada, certificate="x"))[0]


def test_who_is_known_and_may_do_nothing_is_let_in_all_the_same(ada: Held) -> None:
    assert reasons(ADA, ada, Reply(403)) == []


def test_the_credential_of_somebody_else_is_kept_unless_forced(ada: Held) -> None:
    with pytest.raises(K8sError, match="kubeconfig of 'ada'; it is left alone"):
        reasons({**ADA, "user": "bob"}, ada)
    assert reasons({**ADA, "user": "bob", "force": True}, ada) == ["it is the credential of 'ada'"]


def test_the_kubeconfig_of_another_cluster_is_kept_unless_forced(ada: Held) -> None:
    elsewhere = replace(ada, server="https://elsewhere", ca="another authority")
    with pytest.raises(K8sError, match=r"of another cluster \(https://elsewhere\)"):
        reasons(ADA, elsewhere)
    assert reasons({**ADA, "force": True}, elsewhere) == []
    assert reasons(ADA, replace(ada, server="https://elsewhere")) == []


def robot(**claims: Any) -> Held:
    return Held(token=token(sub=ROBOT_NAME, **{"kubernetes.io": {"serviceaccount": {"uid": "u"}}, **claims}))


@pytest.mark.parametrize(
    ("claims", "options", "uid", "expected"),
    [
        ({"iat": 0, "exp": LATER}, {}, "u", []),
        ({"iat": 0, "exp": 3600}, {}, "u", ["it has expired"]),
        ({"iat": 0, "exp": LATER}, {}, "v", ["the ServiceAccount was made anew since"]),
        ({"iat": 0, "exp": LATER, "aud": ["a"]}, {"audiences": ["b"]}, "u", ["its audiences are a"]),
        ({"iat": 0, "exp": LATER, "aud": ["b"]}, {"audiences": ["b"]}, "u", []),
        ({}, {}, "u", ["it never expires"]),
        ({}, {"type": "token_secret"}, "u", []),
        ({"iat": 0, "exp": LATER}, {"type": "token_secret"}, "u", ["it expires"]),
    ],
)
def test_a_token(claims: dict[str, Any], options: dict[str, Any], uid: str, expected: list[str]) -> None:
    account = Reply(200, {"metadata": {"uid": uid}})
    assert reasons({**ROBOT, "renew_before": 0, **options}, robot(**claims), account, Reply(201)) == expected


def test_the_last_third_of_a_life_is_the_time_to_renew() -> None:
    account = Reply(200, {"metadata": {"uid": "u"}})
    now = int(time.time())
    assert reasons(ROBOT, robot(iat=now - 2000, exp=now + 900), account) == ["the last third of its life has begun"]
    assert reasons(ROBOT, robot(iat=now - 2000, exp=now + 1500), account, Reply(201)) == []


def test_names_of_holders() -> None:
    assert wanted_user(ADA) == "ada"
    assert wanted_user(ROBOT) == ROBOT_NAME

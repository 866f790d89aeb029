# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token says of itself, and the Secret that keeps one."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import token
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.plugins.module_utils.k8s.credential.certificates import token as made
from tests.unit.scripted_api import Reply, scripted

ACCOUNT = {"metadata": {"name": "a", "namespace": "n", "uid": "u"}}
OURS: dict[str, dict[str, str]] = {
    "labels": {"app.kubernetes.io/managed-by": "bulkhead"},
    "annotations": {token.ACCOUNT: "a"},
}


def test_a_token_that_expires_and_one_that_does_not() -> None:
    account = {"serviceaccount": {"name": "a", "uid": "u"}}
    found = token.token_from(made(sub="s", aud=["x"], iat=0, exp=3600, **{"kubernetes.io": account}))
    assert (found.user, found.audiences, found.account_uid) == ("s", ("x",), "u")
    assert found.described()["not_after"] == "1970-01-01T01:00:00Z"
    old = token.token_from(made(sub="s", **{"kubernetes.io/serviceaccount/service-account.uid": "u"}))
    assert (old.account_uid, old.not_after, old.described()["not_after"]) == ("u", None, "never")
    assert token.same_audiences(found, [])
    assert token.same_audiences(found, ["x"])
    assert not token.same_audiences(found, ["y"])


@pytest.mark.parametrize("text", ["", "a.b", "a.!.c", made(no="subject")])
def test_what_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(K8sError, match="no token of a ServiceAccount"):
        token.token_from(text)


def test_a_secret_is_made_and_waited_for() -> None:
    empty = {"metadata": {**OURS, "name": "s"}, "type": token.TOKEN_TYPE}
    full = {**empty, "data": {"token": "dG9rZW4="}}
    with scripted(Reply(404), Reply(201, empty), Reply(200, empty), Reply(200, full)) as api:
        assert token.secret_token(api.cluster(), ACCOUNT, "s", 5) == "token"
        assert [seen.method for seen in api.seen] == ["GET", "POST", "GET", "GET"]


@pytest.mark.parametrize(
    "secret",
    [
        {"metadata": {"name": "s"}, "type": token.TOKEN_TYPE},
        {"metadata": {**OURS, "annotations": {token.ACCOUNT: "b"}}, "type": token.TOKEN_TYPE},
        {"metadata": OURS, "type": "Opaque"},
    ],
)
def test_a_secret_of_somebody_else_is_left_alone(secret: dict[str, object]) -> None:
    with scripted(Reply(200, secret)) as api, pytest.raises(K8sError, match="was not made for ServiceAccount a"):
        token.secret_token(api.cluster(), ACCOUNT, "s", 5)


def test_a_secret_of_an_earlier_account_is_made_anew() -> None:
    old = {
        "metadata": {**OURS, "annotations": {token.ACCOUNT: "a", token.ACCOUNT_UID: "gone"}},
        "data": {"token": "eA=="},
    }
    new = {"metadata": OURS, "data": {"token": "dG9rZW4="}}
    replies = [Reply(200, {**old, "type": token.TOKEN_TYPE}), Reply(200), Reply(201, new)]
    with scripted(*replies) as api:
        assert token.secret_token(api.cluster(), ACCOUNT, "s", 5) == "token"
        assert [seen.method for seen in api.seen] == ["GET", "DELETE", "POST"]


def test_a_secret_that_stays_empty_ends_in_a_sentence() -> None:
    empty = {"metadata": OURS, "type": token.TOKEN_TYPE}
    with scripted(Reply(200, empty)) as api, pytest.raises(K8sError, match="got no token within 0 s"):
        token.secret_token(api.cluster(), ACCOUNT, "s", 0)


def test_only_metadata_of_secrets_is_asked_for() -> None:
    items = [{"metadata": {"name": name, "annotations": {token.ACCOUNT: name}}} for name in ("a", "b")]
    with scripted(Reply(200, {"items": items})) as api:
        assert [each["name"] for each in token.token_secrets(api.cluster(), "n", "a")] == ["a"]
        assert "PartialObjectMetadataList" in api.seen[0].header("Accept")[0]

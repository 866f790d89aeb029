# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of ServiceAccounts: by TokenRequest, which expire, and in Secrets, which do not."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import stamp
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

TOKEN_TYPE = "kubernetes.io/service-account-token"
ACCOUNT, ACCOUNT_UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
MANAGED_BY, MANAGER = "app.kubernetes.io/managed-by", "bulkhead"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


@dataclass(frozen=True)
class Token:
    """What a token says of itself. Nothing here verifies it; `not_after` None is a token that never expires."""

    user: str
    audiences: tuple[str, ...]
    account_uid: str
    not_before: datetime | None
    not_after: datetime | None
    fingerprint: str

    def described(self) -> dict[str, Any]:
        """What may be shown of it."""
        return {
            "user": self.user,
            "groups": [],
            "issuer": "",
            "not_before": stamp(self.not_before) if self.not_before else "",
            "not_after": stamp(self.not_after) if self.not_after else "never",
            "fingerprint": self.fingerprint,
        }


def token_from(text: str) -> Token:
    """A token's own claims. Raises K8sError where it is none of a ServiceAccount."""
    try:
        part = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        user = str(claims["sub"])
    except (IndexError, KeyError, ValueError, TypeError, binascii.Error) as exc:
        raise K8sError("the token cannot be read: it is no token of a ServiceAccount") from exc
    audiences = claims.get("aud") or ()
    own = claims.get("kubernetes.io") or {}
    legacy = claims.get("kubernetes.io/serviceaccount/service-account.uid")
    return Token(
        user=user,
        audiences=(audiences,) if isinstance(audiences, str) else tuple(audiences),
        account_uid=str((own.get("serviceaccount") or {}).get("uid") or legacy or ""),
        not_before=_moment(claims.get("iat")),
        not_after=_moment(claims.get("exp")),
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )


def service_account(cluster: Cluster, namespace: str, name: str) -> Mapping[str, Any]:
    """The ServiceAccount. Raises K8sError where there is none."""
    try:
        found: Mapping[str, Any] = cluster.get(account_path(namespace, name))
    except ApiStatus as exc:
        if exc.status != 404:
            raise
        raise K8sError(f"There is no ServiceAccount {namespace}/{name}") from exc
    return found


def account_path(namespace: str, name: str) -> str:
    """Where a ServiceAccount is."""
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/serviceaccounts/{quote(name, safe='')}"


def requested_token(cluster: Cluster, params: Mapping[str, Any]) -> str:
    """A new token by TokenRequest. Raises K8sError."""
    spec: dict[str, Any] = {"audiences": list(params.get("audiences") or ())}
    if params.get("expiration_seconds") is not None:
        spec["expirationSeconds"] = params["expiration_seconds"]
    bound = params.get("bound_object")
    if bound:
        reference = {"apiVersion": "v1", "kind": bound["kind"], "name": bound["name"]}
        spec["boundObjectRef"] = {**reference, "uid": bound["uid"]} if bound.get("uid") else reference
    path = f"{account_path(params['namespace'], params['service_account'])}/token"
    answer = cluster.request(
        "POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    )
    return str(answer["status"]["token"])


def token_secrets(cluster: Cluster, namespace: str, name: str) -> list[Mapping[str, Any]]:
    """Metadata of the Secrets with tokens of a ServiceAccount: what they hold is not asked for."""
    from_server = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/secrets"
    pages = cluster.pages(path, query={"fieldSelector": f"type={TOKEN_TYPE}"}, accept=from_server)
    metadata = (item["metadata"] for page in pages for item in page.get("items") or ())
    return [each for each in metadata if (each.get("annotations") or {}).get(ACCOUNT) == name]


def secret_token(cluster: Cluster, account: Mapping[str, Any], name: str, wait: float) -> str:
    """The token of a Secret of ours for a ServiceAccount, made where it is missing or an earlier account's.

    Raises K8sError where the name is somebody else's.
    """
    namespace, holder = account["metadata"]["namespace"], account["metadata"]["name"]
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/secrets"
    found = _get_or_none(cluster, f"{path}/{quote(name, safe='')}")
    if found is not None:
        _require_ours(found, holder)
        if _of_earlier_account(found, account):
            delete_secret(cluster, namespace, name)
            found = None
    if found is None:
        metadata = {"name": name, "labels": {MANAGED_BY: MANAGER}, "annotations": {ACCOUNT: holder}}
        found = cluster.request("POST", path, {"metadata": metadata, "type": TOKEN_TYPE})
    deadline, pause = time.monotonic() + wait, _FIRST_PAUSE
    while not (found.get("data") or {}).get("token"):
        if time.monotonic() + pause > deadline:
            raise K8sError(
                f"Secret {namespace}/{name} got no token within {wait:g} s: does the controller manager run?"
            )
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
        found = cluster.get(f"{path}/{quote(name, safe='')}")
    return base64.b64decode(found["data"]["token"]).decode()


def delete_secret(cluster: Cluster, namespace: str, name: str) -> None:
    """Delete a Secret, which may be gone already. Raises K8sError."""
    try:
        cluster.request("DELETE", f"/api/v1/namespaces/{quote(namespace, safe='')}/secrets/{quote(name, safe='')}")
    except ApiStatus as exc:
        if exc.status != 404:
            raise


def _of_earlier_account(secret: Mapping[str, Any], account: Mapping[str, Any]) -> bool:
    """Whether it was made for a namesake that is gone. The cluster removes such Secrets, but in its own time."""
    uid = (secret["metadata"].get("annotations") or {}).get(ACCOUNT_UID)
    return uid is not None and uid != account["metadata"]["uid"]


def _require_ours(secret: Mapping[str, Any], account: str) -> None:
    metadata = secret["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    ours = secret.get("type") == TOKEN_TYPE and labels.get(MANAGED_BY) == MANAGER
    if not ours or annotations.get(ACCOUNT) != account:
        where = f"{metadata.get('namespace')}/{metadata.get('name')}"
        raise K8sError(f"Secret {where} exists and was not made for ServiceAccount {account} by this module")


def _get_or_none(cluster: Cluster, path: str) -> Any:
    try:
        return cluster.get(path)
    except ApiStatus as exc:
        if exc.status != 404:
            raise
        return None


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), timezone.utc) if seconds is not None else None


def same_audiences(token: Token, wanted: Sequence[str]) -> bool:
    """Whether a token is for exactly these audiences; none wanted are those of the API server, whatever they are."""
    return not wanted or set(token.audiences) == set(wanted)

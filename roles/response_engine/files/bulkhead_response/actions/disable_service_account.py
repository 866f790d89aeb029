# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""disable_service_account: no token for new pods of the pod's ServiceAccount, and none that is kept in a Secret.

A token that the kubelet has put into a running pod is bound to that pod: it ends when the pod is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bulkhead_response.actions.pod_action import PodAction
from bulkhead_response.actions.pod_target import Pod, Refused
from bulkhead_response.alert import Alert
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from bulkhead_response.kubernetes_path import object_path
from bulkhead_response.outcome import ALREADY_DONE, DONE, FAILED, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

_NOT_FOUND = 404
_TOKENS = {"fieldSelector": "type=kubernetes.io/service-account-token"}
_UID = "kubernetes.io/service-account.uid"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class DisableServiceAccount(PodAction):
    """delete_tokens: delete the Secrets that hold tokens of the account. It takes the right to list Secrets."""

    when_gone: ClassVar[str] = FAILED

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        self._delete_tokens = Parameters(params, ("delete_tokens",)).flag("delete_tokens", True)

    async def act(self, pod: Pod, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome:
        """See PodAction."""
        name = str(pod.spec.get("serviceAccountName") or "default")
        account = await _account(kubernetes, pod.namespace, name)
        mounts = account.get("automountServiceAccountToken") is not False
        tokens = await self._tokens(kubernetes, pod.namespace, account)
        named = f"ServiceAccount {pod.namespace}/{name}"
        details = {"service_account": name, "token_secrets": sorted(token["name"] for token in tokens)}
        if not mounts and not tokens:
            return Outcome(ALREADY_DONE, f"{named} gives no tokens to pods already", details=details)
        if context.dry_run:
            return Outcome(
                WOULD_DO, f"{named} would be disabled, and {len(tokens)} of its tokens deleted", details=details
            )
        if mounts:
            body = {"metadata": {"uid": account["metadata"]["uid"]}, "automountServiceAccountToken": False}
            await kubernetes.patch(object_path("serviceaccounts", namespace=pod.namespace, name=name), body)
        for token in tokens:
            await _delete(kubernetes, pod.namespace, token)
        return Outcome(DONE, f"{named} is disabled, and {len(tokens)} of its tokens deleted", details=details)

    async def _tokens(
        self, kubernetes: KubernetesApi, namespace: str, account: Mapping[str, Any]
    ) -> list[Mapping[str, Any]]:
        """The metadata of the Secrets that hold its tokens. Their content is not asked for."""
        if not self._delete_tokens:
            return []
        path, uid = object_path("secrets", namespace=namespace), account["metadata"]["uid"]
        found = [item["metadata"] async for item in kubernetes.items(path, _TOKENS, accept=_METADATA_ONLY)]
        return [metadata for metadata in found if (metadata.get("annotations") or {}).get(_UID) == uid]


async def _account(kubernetes: KubernetesApi, namespace: str, name: str) -> Mapping[str, Any]:
    try:
        account: Mapping[str, Any] = await kubernetes.get(
            object_path("serviceaccounts", namespace=namespace, name=name)
        )
    except ApiError as error:
        if error.status == _NOT_FOUND:
            raise Refused(f"ServiceAccount {namespace}/{name} is gone") from error
        raise
    return account


async def _delete(kubernetes: KubernetesApi, namespace: str, token: Mapping[str, Any]) -> None:
    try:
        path = object_path("secrets", namespace=namespace, name=token["name"])
        await kubernetes.delete(path, {"preconditions": {"uid": token["uid"]}})
    except ApiError as error:
        if error.status != _NOT_FOUND:
            raise

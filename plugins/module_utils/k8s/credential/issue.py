# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the credential that is there, or issue another: what module k8s_credential does with state present."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Union

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import signing, token
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import (
    Certificate,
    certificate_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.keys import key_maker
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import Held
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.login import ca_text, lets_in
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.request import (
    certificate_request,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.subject import (
    CERTIFICATE,
    TOKEN,
    TOKEN_SECRET,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

Params = Mapping[str, Any]
# Seconds by which clocks may differ before a lifetime counts as another than was asked for.
_TOLERANCE = 60
Proof = Union[Certificate, token.Token]
# What a cluster has set wrong that does not take what it has issued itself.
_TRUST = {
    "certificate": "another authority (--client-ca-file) than the controller manager signs with"
    " (--cluster-signing-cert-file)",
    "token": "other keys (--service-account-key-file) than tokens are signed with",
}


@dataclass(frozen=True)
class Verdict:
    """What is to be said of the credential that is there. `reasons` tell why another is needed; none: it serves."""

    proof: Proof | None
    reasons: Sequence[str]


def judge(cluster: Cluster, params: Params, held: Held | None) -> Verdict:
    """Whether what a kubeconfig holds serves. Asks the cluster only what changes nothing. Raises K8sError."""
    if held is None:
        return Verdict(None, ["there is none"])
    try:
        proof = proof_of(held)
    except K8sError as exc:
        return Verdict(None, [str(exc)])
    _refuse_another(cluster, params, held, proof)
    reasons = _mismatches(cluster, params, held, proof) or _age(params, proof)
    # The audience of a token may be somebody else than the API server, which then does not know it.
    if not reasons and not params.get("audiences") and not lets_in(cluster, params, held):
        reasons = ["the cluster does not accept it: it is of another cluster, or was revoked"]
    return Verdict(proof, reasons)


def proof_of(held: Held) -> Proof:
    """The certificate or token of a kubeconfig. Raises K8sError where it has neither."""
    if held.certificate:
        return certificate_from(held.certificate)
    if held.token:
        return token.token_from(held.token)
    raise K8sError("there is neither a certificate nor a token in it")


def issue(cluster: Cluster, params: Params) -> Held:
    """A new credential, proven by a login. Raises K8sError."""
    kind = "certificate" if params["type"] == CERTIFICATE else "token"
    issued = _issued(cluster, params)
    proof = proof_of(issued)
    if proof.user != wanted_user(params):
        raise K8sError(f"The cluster gave a credential for {proof.user!r}, and {wanted_user(params)!r} was asked for")
    if not params.get("audiences") and not lets_in(cluster, params, issued, wait=params["wait_timeout"]):
        raise K8sError(f"The cluster issued a credential and does not accept it: its API server trusts {_TRUST[kind]}")
    return issued


def wanted_user(params: Params) -> str:
    """The name by which the API server will know the holder."""
    if params["type"] == CERTIFICATE:
        return str(params["user"])
    return f"system:serviceaccount:{params['namespace']}:{params['service_account']}"


def addressed(cluster: Cluster, params: Params, held: Held) -> Held:
    """The same credential, in a kubeconfig as it is wanted."""
    return replace(
        held,
        server=_address(cluster, params),
        ca=ca_text(cluster),
        insecure=not cluster.verifies,
        context=params.get("context_name") or wanted_user(params),
        namespace=params.get("context_namespace") or "",
    )


def _issued(cluster: Cluster, params: Params) -> Held:
    if params["type"] == CERTIFICATE:
        return _certificate(cluster, params)
    account = token.service_account(cluster, params["namespace"], params["service_account"])
    if params["type"] == TOKEN:
        return Held(token=token.requested_token(cluster, params))
    return Held(token=token.secret_token(cluster, account, secret_name(params), params["wait_timeout"]))


def secret_name(params: Params) -> str:
    """The Secret that keeps the token."""
    return str(params.get("secret_name") or f"{params['service_account']}-token-bulkhead")


def _certificate(cluster: Cluster, params: Params) -> Held:
    keys = key_maker()
    private = keys.generate()
    order = signing.Order(
        key=signing.credential_key(params),
        request_pem=certificate_request(keys, private, params["user"], params.get("groups") or ()),
        signer=params["signer_name"],
        seconds=params.get("expiration_seconds"),
        wait=params["wait_timeout"],
    )
    pem = signing.signed_certificate(cluster, order)
    if certificate_from(pem).public_key != keys.public_key(private):
        raise K8sError("The cluster gave a certificate for another key than the one that was made here")
    return Held(certificate=pem, key=private)


def _refuse_another(cluster: Cluster, params: Params, held: Held, proof: Proof) -> None:
    """Raise K8sError where the file is somebody else's, or another cluster's: both its address and authority differ."""
    if params.get("force"):
        return
    whose = ""
    if proof.user != wanted_user(params):
        whose = repr(proof.user)
    elif held.server != _address(cluster, params) and held.ca.strip() != ca_text(cluster).strip():
        whose = f"another cluster ({held.server})"
    if whose:
        raise K8sError(
            f"path: {params['path']} is the kubeconfig of {whose}; it is left alone."
            " Name another path, or set force to put another credential in its place"
        )


def _address(cluster: Cluster, params: Params) -> str:
    """The address that the kubeconfig is to have."""
    return str(params.get("server") or cluster.address).rstrip("/")


def _mismatches(cluster: Cluster, params: Params, held: Held, proof: Proof) -> list[str]:
    """In what the credential is not the one that is wanted."""
    if proof.user != wanted_user(params):
        return [f"it is the credential of {proof.user!r}"]
    if isinstance(proof, Certificate):
        return _certificate_mismatches(params, held, proof)
    return _token_mismatches(cluster, params, proof)


def _certificate_mismatches(params: Params, held: Held, certificate: Certificate) -> list[str]:
    if params["type"] != CERTIFICATE:
        return ["it is a certificate"]
    if set(certificate.groups) != set(params.get("groups") or ()):
        return [f"its groups are {', '.join(sorted(certificate.groups)) or 'none'}"]
    try:
        matches = key_maker().public_key(held.key) == certificate.public_key
    except K8sError:
        matches = False
    return [] if matches else ["its key belongs to another certificate"]


def _token_mismatches(cluster: Cluster, params: Params, found: token.Token) -> list[str]:
    if params["type"] == CERTIFICATE:
        return ["it is a token"]
    if (params["type"] == TOKEN_SECRET) != (found.not_after is None):
        return ["it expires" if found.not_after else "it never expires"]
    if not token.same_audiences(found, params.get("audiences") or ()):
        return [f"its audiences are {', '.join(found.audiences)}"]
    account = token.service_account(cluster, params["namespace"], params["service_account"])
    if found.account_uid and found.account_uid != account["metadata"]["uid"]:
        return ["the ServiceAccount was made anew since"]
    return []


def _age(params: Params, proof: Proof) -> list[str]:
    """Whether it is time for another: its last `renew_before` seconds, or the last third of its life, have begun."""
    if proof.not_after is None:
        return []
    left = proof.not_after - datetime.now(timezone.utc)
    if left <= timedelta(0):
        return ["it has expired"]
    reserve = params.get("renew_before")
    if reserve is None:
        begin = proof.not_before or datetime.now(timezone.utc)
        return ["the last third of its life has begun"] if left < (proof.not_after - begin) / 3 else []
    return [f"it expires in less than {reserve} s"] if left < timedelta(seconds=reserve) else []


def lifetime_warnings(cluster: Cluster, params: Params, proof: Proof) -> list[str]:
    """Where the cluster gave another lifetime than was asked for."""
    asked, warnings = params.get("expiration_seconds"), []
    if params["type"] == CERTIFICATE and asked and not cluster.version.at_least(*signing.EXPIRATION_SINCE):
        warnings.append(
            f"Kubernetes {cluster.version.text} does not take expiration_seconds for certificates (1.22 does):"
            " the controller manager decided (--cluster-signing-duration)"
        )
    if proof.not_after is None:
        return warnings
    left = int((proof.not_after - datetime.now(timezone.utc)).total_seconds())
    if asked and not warnings and left < asked - _TOLERANCE:
        warnings.append(f"The cluster gave {left} s, and {asked} were asked for")
    if params.get("renew_before") and left <= params["renew_before"]:
        warnings.append(f"It is valid for {left} s, which is within renew_before: the next run will renew it again")
    return warnings

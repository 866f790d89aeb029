# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Pod's specification uses: images, Secrets, a ServiceAccount, and how. Pure.

Facts, each small: `containers` [{name, image, pull_policy}], `images`, `secrets` (names), `secret_env`
["CONTAINER: SECRET"], `plain_secrets` [{container, name, kind, fingerprint}], `service_account`,
`automount` (true, false, or null where the ServiceAccount decides), `no_memory_limit` and `no_cpu_limit` (names of
containers).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import secrets_in_env

Facts = dict[str, Any]
Json = Mapping[str, Any]

_KINDS_OF_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
# Volume sources that name a Secret of the Pod's namespace as {secretRef: {name}}.
_WITH_SECRET_REF = ("cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")


def pod_spec_facts(spec: Json) -> Facts:
    """The facts, as above."""
    containers = list(containers_of(spec))
    service_account = str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")
    return {
        "containers": [_shown(container) for container in containers],
        "images": sorted({str(container.get("image") or "") for container in containers}),
        "secrets": sorted({*_secrets_of_volumes(spec), *_secrets_of_env(containers), *_pull_secrets(spec)}),
        "secret_env": sorted({f"{name}: {secret}" for name, secret in _env(containers)}),
        "plain_secrets": list(_plain_secrets(containers)),
        "service_account": service_account,
        "automount": spec.get("automountServiceAccountToken"),
        **_without_limits(containers),
    }


def containers_of(spec: Json) -> Iterator[Json]:
    """Every container, whatever it is for."""
    for kind in _KINDS_OF_CONTAINERS:
        yield from spec.get(kind) or ()


def _shown(container: Json) -> Facts:
    return {
        "name": str(container.get("name") or ""),
        "image": str(container.get("image") or ""),
        "pull_policy": container.get("imagePullPolicy"),
    }


def _secrets_of_volumes(spec: Json) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        yield from filter(None, _secrets_of_volume(volume))


def _secrets_of_volume(volume: Json) -> Iterator[str]:
    yield str((volume.get("secret") or {}).get("secretName") or "")
    yield str((volume.get("azureFile") or {}).get("secretName") or "")
    yield _name((volume.get("csi") or {}).get("nodePublishSecretRef"))
    for source in (volume.get("projected") or {}).get("sources") or ():
        yield _name(source.get("secret"))
    for kind in _WITH_SECRET_REF:
        yield _name((volume.get(kind) or {}).get("secretRef"))


def _name(reference: Json | None) -> str:
    return str((reference or {}).get("name") or "")


def _env(containers: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """(container, Secret) of every environment that is filled from a Secret."""
    for container in containers:
        for variable in container.get("env") or ():
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference:
                yield str(container.get("name") or ""), _name(reference)
        for source in container.get("envFrom") or ():
            if source.get("secretRef"):
                yield str(container.get("name") or ""), _name(source["secretRef"])


def _secrets_of_env(containers: Iterable[Json]) -> Iterator[str]:
    return (secret for _container, secret in _env(containers))


def _pull_secrets(spec: Json) -> Iterator[str]:
    return filter(None, (_name(reference) for reference in spec.get("imagePullSecrets") or ()))


def _plain_secrets(containers: Iterable[Json]) -> Iterator[dict[str, str]]:
    for container in containers:
        values = [f"{each.get('name')}={each['value']}" for each in container.get("env") or () if each.get("value")]
        for found in secrets_in_env(values):
            yield {"container": str(container.get("name") or ""), **found}


def _without_limits(containers: Iterable[Json]) -> dict[str, list[str]]:
    # A container that joins a running Pod to debug it can have none.
    bounded = [container for container in containers if "targetContainerName" not in container]
    return {
        "no_memory_limit": _lacking(bounded, "limits", "memory"),
        "no_cpu_limit": _lacking(bounded, "limits", "cpu"),
    }


def _lacking(containers: Iterable[Json], kind: str, resource: str) -> list[str]:
    return [
        str(container.get("name") or "")
        for container in containers
        # To the kubelet, a limit of zero is none.
        if str(((container.get("resources") or {}).get(kind) or {}).get(resource) or "0") == "0"
    ]

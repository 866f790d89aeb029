# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Syft: the bill of materials of an image, and what its configuration says. Its JSON is that of schema 16."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import ImageFacts, Package
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.program import find, run_json
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

Object = Mapping[str, Any]

_SOURCES = ("docker", "docker-archive", "oci-archive", "oci-dir", "registry", "dir", "file", "podman", "singularity")
_NOP = re.compile(r"^(?:/bin/sh -c )?#\(nop\)\s+")
_RUN = re.compile(r"^(?:RUN )?(?:\|\d+ (?:\S+=\S* )*)?/bin/sh -c ")
_BUILDKIT = re.compile(r"\s*# buildkit$")


@dataclass(frozen=True)
class Access:
    """How registries are reached. ca_file: PEM of the authority that signed their certificates. docker_config: a folder
    with the config.json of Docker that holds the credentials. "" is the system's and the user's own.
    """

    ca_file: str = ""
    docker_config: str = ""

    def variables(self) -> dict[str, str]:
        """As Syft takes it. Credentials stay in their file, and out of the environment."""
        given = {"SYFT_REGISTRY_CA_CERT": self.ca_file, "DOCKER_CONFIG": self.docker_config}
        return {name: value for name, value in given.items() if value}


def source_of(image: str) -> tuple[str, str]:
    """What Syft is to read (`docker:NAME`, `registry:NAME`, `docker-archive:FILE` …), and the name without that."""
    kind, colon, rest = image.partition(":")
    if colon and kind in _SOURCES and rest:
        return image, rest
    if image.startswith("-"):
        raise ScannerError("invalid_answer", f"{image!r} is no image")
    return f"docker:{image}", image


def bill_of_materials(
    image: str,
    output: Path,
    *,
    program: str = "syft",
    deadline: float | None = None,
    platform: str = "",
    access: Access | None = None,
) -> Object:
    """Run Syft over an image (see `source_of`), its JSON kept at `output`. Raises ScannerError.

    access: to the registry of a `registry:` image; no other network is asked.
    """
    command = [find(program), "scan", source_of(image)[0], "--quiet", "--output", f"syft-json={output}"]
    if platform:
        command += ["--platform", platform]
    variables = {"SYFT_CHECK_FOR_APP_UPDATE": "false", **(access or Access()).variables()}
    return checked(run_json(command, output, variables, deadline=deadline, what=f"Syft on {image}"), str(output))


def checked(document: Any, where: str) -> Object:
    """The document, where it is Syft's own JSON. Raises ScannerError."""
    if not isinstance(document, Mapping) or not isinstance(document.get("artifacts"), list):
        raise ScannerError("invalid_answer", f"{where} is no bill of materials of Syft (write it with -o syft-json)")
    return document


def facts_of(document: Object, reference: str, dockerfile: Sequence[str] | None = None) -> ImageFacts:
    """The facts that a bill of materials tells. dockerfile: the lines of the real Dockerfile, where it is known."""
    metadata = _object(_object(document.get("source")).get("metadata"))
    config = _config(metadata)
    inner, distro = _object(config.get("config")), _object(document.get("distro"))
    lines = tuple(dockerfile) if dockerfile is not None else _history(config)
    return ImageFacts(
        reference=reference,
        digest=_digest(document, reference),
        image_id=_text(metadata.get("imageID")),
        user=_text(inner.get("User")) if config else None,
        exposed_ports=tuple(sorted(map(str, _object(inner.get("ExposedPorts"))))) if config else None,
        lines=lines,
        dockerfile_given=dockerfile is not None,
        size=metadata.get("imageSize") if isinstance(metadata.get("imageSize"), int) else None,
        layers=len(metadata["layers"]) if isinstance(metadata.get("layers"), list) else None,
        architecture=_text(metadata.get("architecture") or config.get("architecture")),
        os=_text(metadata.get("os") or config.get("os")),
        distro=_text(distro.get("id") or distro.get("name")),
        distro_version=_text(distro.get("versionID") or distro.get("version")),
        like_distro=tuple(map(str, _list(distro.get("idLike")))),
        packages=tuple(_package(row) for row in document["artifacts"] if isinstance(row, Mapping)),
        labels={str(name): str(value) for name, value in _object(metadata.get("labels")).items()},
    )


def dockerfile_lines(text: str) -> list[str]:
    """The instructions of a Dockerfile, one line each, without comments."""
    joined = re.sub(r"\\[ \t]*\r?\n", " ", re.sub(r"(?m)^[ \t]*#.*\r?\n?", "", text))
    return [" ".join(line.split()) for line in joined.splitlines() if line.strip()]


def digests_of(document: Object) -> tuple[str, ...]:
    """The digests by which registries know the image; none where it was in no registry.

    `manifestDigest` is none of them: it is of Syft's own packing where a daemon gave the image.
    """
    return tuple(digest for _repository, digest in _repo_digests(document))


def _digest(document: Object, reference: str) -> str:
    """The digest in the repository that the reference names, else in the first."""
    digests, name = _repo_digests(document), reference.partition("@")[0]
    of_name = [digest for repository, digest in digests if name == repository or name.startswith(f"{repository}:")]
    return (of_name or [digest for _repository, digest in digests] or [""])[0]


def _repo_digests(document: Object) -> list[tuple[str, str]]:
    metadata = _object(_object(document.get("source")).get("metadata"))
    parts = [str(each).rpartition("@") for each in _list(metadata.get("repoDigests"))]
    return [(repository, digest) for repository, _at, digest in parts]


def _config(metadata: Object) -> Object:
    try:
        return _object(json.loads(base64.b64decode(_text(metadata.get("config")), validate=True) or b"{}"))
    except (ValueError, RecursionError):
        return {}


def _history(config: Object) -> tuple[str, ...]:
    """The history as instructions: `/bin/sh -c #(nop)  USER app` was USER app, `/bin/sh -c make` was RUN make."""
    found = []
    for row in _list(config.get("history")):
        told = _BUILDKIT.sub("", _text(_object(row).get("created_by")).strip())
        if _NOP.match(told):
            found.append(_NOP.sub("", told))
        elif _RUN.match(told):
            found.append(f"RUN {_RUN.sub('', told)}")
        elif told:
            found.append(told)
    return tuple(" ".join(line.split()) for line in found)


def _package(row: Object) -> Package:
    licenses = [_text(each.get("value") if isinstance(each, Mapping) else each) for each in _list(row.get("licenses"))]
    places = [_text(_object(each).get("path")) for each in _list(row.get("locations"))]
    return Package(
        name=_text(row.get("name")),
        version=_text(row.get("version")),
        type=_text(row.get("type")),
        licenses=tuple(name for name in licenses if name),
        path=places[0] if places else "",
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that run, as plain rows: out of what docker_audit and k8s_audit collected, or as the user lists them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference

Row = dict[str, Any]
"""{name: as it was asked for, digests: sorted, image_ids: sorted, used_by: sorted names, users: their number}."""

_SHOWN = 5


def canonical(reference: str) -> str:
    """`registry/repository:tag`, completed as Docker does; with the digest where there is one and no tag."""
    read = image_reference.parse(reference)
    if read.by_id:
        return reference
    return f"{read.name}:{read.tag}" if read.tag else f"{read.name}@{read.digest}"


def digest_of(reference: str) -> str:
    """The digest in `repository@sha256:…`, or of a bare `sha256:…`; "" where there is none."""
    return reference.rpartition("@")[2] if "@" in reference or reference.startswith("sha256:") else ""


def rows_of(snapshot: Mapping[str, Any]) -> list[Row]:
    """The images that run, of a snapshot of docker_audit or k8s_audit. Raises ControlError for any other."""
    kind, subjects = snapshot.get("kind"), snapshot.get("subjects")
    if kind not in ("docker", "k8s") or not isinstance(subjects, Mapping):
        raise ControlError(
            "snapshots: this is no snapshot of docker_audit or k8s_audit; take what include_snapshot returned"
        )
    return _of_docker(subjects) if kind == "docker" else _of_cluster(subjects)


def _of_docker(subjects: Mapping[str, Any]) -> list[Row]:
    digests = {str(image.get("id")): image.get("digests") or () for image in subjects.get("image") or ()}
    running: dict[str, Row] = {}
    for container in subjects.get("container") or ():
        if not container.get("running"):
            continue
        image_id = str(container.get("image_id") or "")
        row = running.setdefault(str(container.get("image") or image_id), _row())
        row["digests"] |= {digest_of(each) for each in digests.get(image_id, ())} - {""}
        row["image_ids"] |= {image_id} - {""}
        row["used_by"].append(f"container {container['subject']['name']}")
    return [_finished(name, row) for name, row in sorted(running.items())]


def _of_cluster(subjects: Mapping[str, Any]) -> list[Row]:
    found = []
    for image in subjects.get("image") or ():
        name = str(image["subject"]["name"])
        row = _row()
        row["digests"] |= {digest_of(name), *map(str, image.get("digests") or ())} - {""}
        row["used_by"] = list(image.get("used_by") or ())
        found.append({**_finished(name, row), "users": int(image.get("users") or 0)})
    return found


def listed_rows(images: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The images that the user lists, {name, digests?, used_by?} each. Raises ControlError where one has no name."""
    found = []
    for number, image in enumerate(images):
        if not image.get("name"):
            raise ControlError(f"images[{number}]: name is missing")
        row = _row()
        row["digests"] |= {digest_of(str(image["name"])), *map(str, image.get("digests") or ())} - {""}
        row["used_by"] = [str(user) for user in image.get("used_by") or ()]
        found.append(_finished(str(image["name"]), row))
    return found


def merged(rows: Iterable[Row]) -> list[Row]:
    """One row a name, in the order of names."""
    by_name: dict[str, Row] = {}
    for row in rows:
        known = by_name.get(row["name"])
        if known is None:
            by_name[row["name"]] = row
            continue
        for field in ("digests", "image_ids"):
            known[field] = sorted({*known[field], *row[field]})
        known["used_by"] = [*known["used_by"], *row["used_by"]][:_SHOWN]
        known["users"] += row["users"]
    return [by_name[name] for name in sorted(by_name)]


def _row() -> Row:
    return {"digests": set(), "image_ids": set(), "used_by": []}


def _finished(name: str, row: Row) -> Row:
    return {
        "name": name,
        "digests": sorted(row["digests"]),
        "image_ids": sorted(row["image_ids"]),
        "used_by": sorted(row["used_by"])[:_SHOWN],
        "users": len(row["used_by"]),
    }

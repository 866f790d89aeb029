# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen to the images of an engine: which are to be added, changed or removed. Pure but for the survey."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.evaluations import canonical
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.records import records

Object = dict[str, Any]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
ANALYSED, FAILED = "analyzed", "analysis_failed"


@dataclass(frozen=True)
class Wish:
    """One image that is declared. tag: as the user wrote it; digest: "" for whatever the tag is now.

    annotations: name → value, None for one that is to go.
    """

    tag: str
    digest: str = ""
    dockerfile: str = ""
    annotations: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the user knows it by."""
        return f"{self.tag}@{self.digest}" if self.digest else self.tag


@dataclass
class Step:
    """What happens to one image, and what came of it. action: added, analysed_again, annotated, removed, unchanged.

    looked_up: whether its tag has moved is not known yet. done: the engine has accepted it.
    """

    wish: Wish
    action: str
    digest: str = ""
    status: str = ""
    before: Object | None = None
    error: str = ""
    seconds: float = 0.0
    done: bool = False
    known: frozenset[str] = frozenset()
    """Every digest that the engine has seen under the tag."""


def wish_from(row: Mapping[str, Any]) -> Wish:
    """A declared image. Raises AnchoreError for one that cannot be meant."""
    tag, digest = str(row.get("tag") or ""), str(row.get("digest") or "")
    if not tag or "@" in tag or tag.startswith("sha256:"):
        raise AnchoreError("usage", f"images: tag must be registry/repository:tag, and it is {tag!r}")
    if digest and not _DIGEST.match(digest):
        raise AnchoreError("usage", f"images: {tag}: digest must be sha256: and 64 digits, and it is {digest!r}")
    annotations = {
        str(name): None if value is None else str(value) for name, value in (row.get("annotations") or {}).items()
    }
    return Wish(tag, digest, _dockerfile(row, tag), annotations)


def _dockerfile(row: Mapping[str, Any], tag: str) -> str:
    path = row.get("dockerfile")
    if not path:
        return str(row.get("dockerfile_content") or "")
    if row.get("dockerfile_content"):
        raise AnchoreError("usage", f"images: {tag}: dockerfile and dockerfile_content exclude each other")
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as exc:
        raise AnchoreError("usage", f"images: {tag}: {path} cannot be read: {exc}") from exc


def check(wishes: Sequence[Wish]) -> None:
    """Raises AnchoreError where one image is declared twice."""
    seen: set[tuple[str, str]] = set()
    for wish in wishes:
        key = (canonical(wish.tag), wish.digest)
        if key in seen:
            raise AnchoreError("usage", f"images: {wish.name} is declared twice")
        seen.add(key)


def survey(client: AnchoreClient, *, history: bool = False) -> list[Object]:
    """The images that the engine has, in one request. Raises AnchoreError.

    history: those, too, whose tags are of newer contents by now, which may be many times as many.
    """
    rows = client.get("/images", {"history": history or None})
    return records(rows, "/images", "imageDigest", "analysis_status")


def tags_of(image: Mapping[str, Any]) -> list[str]:
    """The tags by which the engine knows an image."""
    return [str(row["fulltag"]) for row in _details(image)]


def _details(image: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = image.get("image_detail")
    rows = details if isinstance(details, list) else []
    return [row for row in rows if isinstance(row, Mapping) and row.get("fulltag")]


def known_as(stored: Iterable[Object], wish: Wish) -> list[Object]:
    """The contents that are meant, the newest first: the one of the digest, or all that have, or had, the tag."""
    wanted = canonical(wish.tag)
    found = [
        (str(row.get("created_at") or ""), image)
        for image in stored
        for row in _details(image)
        if canonical(str(row["fulltag"])) == wanted and wish.digest in ("", image["imageDigest"])
    ]
    # By docker.io/nginx and docker.io/library/nginx, the engine knows one content twice.
    newest = {image["imageDigest"]: image for _moment, image in sorted(found, key=lambda pair: pair[0], reverse=True)}
    return list(newest.values())


def plan_present(wishes: Sequence[Wish], stored: Sequence[Object], *, force: bool, refresh: bool) -> list[Step]:
    """A step for each wish. refresh: ask the engine to look every tag up again, for it may have moved."""
    steps = [_present(wish, next(iter(known_as(stored, wish)), None), force, refresh) for wish in wishes]
    for step in steps:
        tag = canonical(step.wish.tag)
        step.known = frozenset(image["imageDigest"] for image in stored if tag in map(canonical, tags_of(image)))
    return steps


def _present(wish: Wish, image: Object | None, force: bool, refresh: bool) -> Step:
    if image is None:
        return Step(wish, "added", wish.digest)
    annotations = _annotations(image)
    step = Step(wish, "unchanged", str(image["imageDigest"]), str(image["analysis_status"]), image)
    if force or step.status == FAILED:
        step.action = "analysed_again"
    elif annotated(annotations, wish.annotations) != annotations:
        step.action = "annotated"
    elif refresh and not wish.digest:
        step.action = "looked_up"
    return step


def annotated(known: Mapping[str, Any], wanted: Mapping[str, str | None]) -> dict[str, Any]:
    """The annotations that come of those that are known and those that are declared."""
    return {name: value for name, value in {**known, **wanted}.items() if value is not None}


def plan_absent(wishes: Sequence[Wish], stored: Sequence[Object], *, force: bool) -> list[Step]:
    """A step for each content of each wish. Raises AnchoreError where one has other tags, which would go with it."""
    steps = []
    for wish in wishes:
        contents = known_as(stored, wish)
        steps += [_absent(wish, image, force) for image in contents] or [Step(wish, "unchanged")]
    return steps


def _absent(wish: Wish, image: Object, force: bool) -> Step:
    others = [tag for tag in tags_of(image) if canonical(tag) != canonical(wish.tag)]
    if others and not force:
        raise AnchoreError(
            "usage",
            f"{wish.name}: the same image is known as {', '.join(others)[:200]}, too, and would be removed with "
            "all of its tags: set force",
        )
    return Step(wish, "removed", str(image["imageDigest"]), str(image["analysis_status"]), image)


def diff(steps: Iterable[Step]) -> dict[str, str]:
    """Before and after, a line for each image that changes."""
    changed = [step for step in steps if step.action not in ("unchanged", "looked_up")]
    before = "".join(f"{step.wish.name}: {_told(step.before)}\n" for step in changed if step.before)
    after = "".join(f"{step.wish.name}: {_wanted(step)}\n" for step in changed if step.action != "removed")
    return {"before": before, "after": after}


def _told(image: Object | None) -> str:
    known = image or {}
    return f"{known.get('imageDigest')} {known.get('analysis_status')}{_notes(_annotations(image))}"


def _annotations(image: Object | None) -> Mapping[str, Any]:
    known = (image or {}).get("annotations")
    return known if isinstance(known, Mapping) else {}


def _notes(annotations: Mapping[str, Any]) -> str:
    return f" {dict(sorted(annotations.items()))}" if annotations else ""


def _wanted(step: Step) -> str:
    if step.action == "annotated":
        return f"{step.digest} {step.status}{_notes(annotated(_annotations(step.before), step.wish.annotations))}"
    notes = _notes(annotated(_annotations(step.before), step.wish.annotations))
    return f"{step.digest or 'the digest of the tag'} {ANALYSED}{notes}"

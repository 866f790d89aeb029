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
    """One image that is declared. tag: as the user wrote it; digest: "" for whatever the tag is now."""

    tag: str
    digest: str = ""
    dockerfile: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the user knows it by."""
        return f"{self.tag}@{self.digest}" if self.digest else self.tag


@dataclass
class Step:
    """What happens to one image, and what came of it. action: added, analysed_again, annotated, removed, unchanged."""

    wish: Wish
    action: str
    digest: str = ""
    status: str = ""
    before: Object | None = None
    error: str = ""
    seconds: float = 0.0
    known: frozenset[str] = frozenset()
    """Every digest that the engine has seen under the tag."""


def wish_from(row: Mapping[str, Any]) -> Wish:
    """A declared image. Raises AnchoreError for one that cannot be meant."""
    tag, digest = str(row.get("tag") or ""), str(row.get("digest") or "")
    if not tag or "@" in tag or tag.startswith("sha256:"):
        raise AnchoreError("usage", f"images: tag must be registry/repository:tag, and it is {tag!r}")
    if digest and not _DIGEST.match(digest):
        raise AnchoreError("usage", f"images: {tag}: digest must be sha256: and 64 digits, and it is {digest!r}")
    dockerfile = ""
    if row.get("dockerfile"):
        try:
            with open(row["dockerfile"], encoding="utf-8") as file:
                dockerfile = file.read()
        except (OSError, UnicodeDecodeError) as exc:
            raise AnchoreError("usage", f"images: {tag}: {row['dockerfile']} cannot be read: {exc}") from exc
    annotations = {str(name): str(value) for name, value in (row.get("annotations") or {}).items()}
    return Wish(tag, digest, dockerfile, annotations)


def check(wishes: Sequence[Wish]) -> None:
    """Raises AnchoreError where one image is declared twice."""
    seen: set[tuple[str, str]] = set()
    for wish in wishes:
        key = (canonical(wish.tag), wish.digest)
        if key in seen:
            raise AnchoreError("usage", f"images: {wish.name} is declared twice")
        seen.add(key)


def survey(client: AnchoreClient) -> list[Object]:
    """Every image that the engine has, in one request. Raises AnchoreError."""
    return records(client.get("/images"), "/images", "imageDigest", "analysis_status")


def tags_of(image: Mapping[str, Any]) -> list[str]:
    """The tags by which the engine knows an image."""
    details = image.get("image_detail")
    rows = details if isinstance(details, list) else []
    return [str(row["fulltag"]) for row in rows if isinstance(row, Mapping) and row.get("fulltag")]


def known_as(stored: Iterable[Object], wish: Wish) -> Object | None:
    """The image that is meant: with the digest and the tag, or the newest that has the tag."""
    wanted = canonical(wish.tag)
    found = [image for image in stored if wanted in map(canonical, tags_of(image))]
    if wish.digest:
        return next((image for image in found if image["imageDigest"] == wish.digest), None)
    return max(found, key=lambda image: str(image.get("created_at") or ""), default=None)


def plan_present(wishes: Sequence[Wish], stored: Sequence[Object], *, force: bool, refresh: bool) -> list[Step]:
    """A step for each wish. refresh: ask the engine to look every tag up again, for it may have moved."""
    steps = [_present(wish, known_as(stored, wish), force, refresh) for wish in wishes]
    for step in steps:
        tag = canonical(step.wish.tag)
        step.known = frozenset(image["imageDigest"] for image in stored if tag in map(canonical, tags_of(image)))
    return steps


def _present(wish: Wish, image: Object | None, force: bool, refresh: bool) -> Step:
    if image is None:
        return Step(wish, "added", wish.digest)
    known = image.get("annotations")
    annotations = known if isinstance(known, Mapping) else {}
    step = Step(wish, "unchanged", str(image["imageDigest"]), str(image["analysis_status"]), image)
    if force or step.status == FAILED:
        step.action = "analysed_again"
    elif any(annotations.get(name) != value for name, value in wish.annotations.items()):
        step.action = "annotated"
    elif refresh and not wish.digest:
        step.action = "looked_up"
    return step


def plan_absent(wishes: Sequence[Wish], stored: Sequence[Object], *, force: bool) -> list[Step]:
    """A step for each wish. Raises AnchoreError where an image has other tags, which would go with it."""
    steps = []
    for wish in wishes:
        image = known_as(stored, wish)
        if image is None:
            steps.append(Step(wish, "unchanged"))
            continue
        others = [tag for tag in tags_of(image) if canonical(tag) != canonical(wish.tag)]
        if others and not force:
            raise AnchoreError(
                "usage",
                f"{wish.name}: the same image is known as {', '.join(others)[:200]}, too, and would be removed with "
                "all of its tags: set force",
            )
        steps.append(Step(wish, "removed", str(image["imageDigest"]), str(image["analysis_status"]), image))
    return steps


def diff(steps: Iterable[Step]) -> dict[str, str]:
    """Before and after, a line for each image that changes."""
    changed = [step for step in steps if step.action not in ("unchanged", "looked_up")]
    before = "".join(f"{step.wish.name}: {_told(step.before)}\n" for step in changed if step.before)
    after = "".join(f"{step.wish.name}: {_wanted(step)}\n" for step in changed if step.action != "removed")
    return {"before": before, "after": after}


def _told(image: Object | None) -> str:
    known = (image or {}).get("annotations")
    notes = f" {dict(sorted(known.items()))}" if isinstance(known, Mapping) and known else ""
    return f"{(image or {}).get('imageDigest')} {(image or {}).get('analysis_status')}{notes}"


def _wanted(step: Step) -> str:
    if step.action == "annotated":
        known = (step.before or {}).get("annotations")
        merged = {**(known if isinstance(known, Mapping) else {}), **step.wish.annotations}
        return f"{step.digest} {step.status} {dict(sorted(merged.items()))}"
    notes = f" {dict(sorted(step.wish.annotations.items()))}" if step.wish.annotations else ""
    return f"{step.digest or 'the digest of the tag'} {ANALYSED}{notes}"

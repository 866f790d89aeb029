# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add, analyse, await and remove many images at once: requests side by side, and one polling loop for all of them."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.evaluations import canonical
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_plan import (
    ANALYSED,
    FAILED,
    Object,
    Step,
    survey,
    tags_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.records import records

Progress = Callable[[str], None]
# What an engine that starts anew, or is busy, has for a while.
_PASSING = ("unreachable", "timeout", "server_error", "invalid_answer")


def add_all(client: AnchoreClient, steps: Sequence[Step], *, auto_subscribe: bool, parallel: int) -> None:
    """Send what is to be sent. What fails is told by its step, and no other is lost."""
    waiting = [step for step in steps if step.action not in ("unchanged", "removed")]
    _side_by_side(waiting, lambda step: _add(client, step, auto_subscribe), parallel)


def _add(client: AnchoreClient, step: Step, auto_subscribe: bool) -> None:
    wish, body = step.wish, {"image_type": "docker", "source": _source(step)}
    if wish.annotations:
        # By this word the engine takes an annotation away.
        body["annotations"] = {name: "null" if value is None else value for name, value in wish.annotations.items()}
    query = {"autosubscribe": auto_subscribe, "force": True if step.action == "analysed_again" else None}
    rows = records(client.post("/images", body, query), "/images", "imageDigest", "analysis_status")
    if not rows:
        raise AnchoreError("invalid_answer", f"{wish.name}: the engine's answer names no image")
    step.done = True
    step.digest, step.status = rows[0]["imageDigest"], rows[0]["analysis_status"]
    if wish.digest and step.digest != wish.digest:
        raise AnchoreError("invalid_answer", f"{wish.name}: the engine added {step.digest}")
    if step.action == "looked_up":
        # The tag has moved when a digest came back that was never seen under it.
        step.action = "unchanged" if step.digest in step.known else "added"


def _source(step: Step) -> Object:
    """Where the engine is to pull from: the tag as it knows it already, or in full, as everybody else asks for it."""
    wanted, digest = canonical(step.wish.tag), step.wish.digest
    tag = next((each for each in tags_of(step.before or {}) if canonical(each) == wanted), wanted)
    kind = "digest" if digest else "tag"
    source = {"pullstring": f"{tag.rpartition(':')[0]}@{digest}", "tag": tag} if digest else {"pullstring": tag}
    if step.wish.dockerfile and step.action in ("added", "analysed_again"):
        source["dockerfile"] = base64.b64encode(step.wish.dockerfile.encode()).decode()
    return {kind: source}


def remove_all(client: AnchoreClient, steps: Sequence[Step], *, force: bool, parallel: int) -> None:
    """Remove what is to be removed, as `add_all` adds."""

    def remove(step: Step) -> None:
        try:
            client.delete(f"/images/{step.digest}", {"force": force or None})
            step.done = True
        except AnchoreError as exc:
            if exc.kind != "not_found":  # somebody else was faster
                raise

    _side_by_side([step for step in steps if step.action == "removed"], remove, parallel)


def wait_for_all(
    client: AnchoreClient, steps: Sequence[Step], *, timeout: float, interval: float, history: bool, progress: Progress
) -> None:
    """Until every image is analysed, or cannot be. All are seen in one request a turn, however many they are.

    An engine that is away for a while is waited for, too; one that refuses to answer fails all that is awaited.
    """
    began = time.monotonic()
    waiting = [step for step in steps if not step.error and step.status not in (ANALYSED, FAILED)]
    count, trouble = len(waiting), ""
    while waiting:
        if time.monotonic() - began + interval > timeout:
            return _give_up(waiting, f"not analysed within {timeout:g} s", trouble)
        time.sleep(interval)
        try:
            status = {row["imageDigest"]: row["analysis_status"] for row in survey(client, history=history)}
        except AnchoreError as exc:
            if exc.kind not in _PASSING:
                return _give_up(waiting, "its analysis could not be awaited", str(exc))
            trouble = str(exc)
            continue
        trouble = ""
        left = [step for step in waiting if not _is_settled(step, status, time.monotonic() - began)]
        if len(left) < len(waiting):
            progress(f"{count - len(left)} of {count} images analysed after {time.monotonic() - began:.0f} s")
        waiting = left
    return None


def _give_up(waiting: Sequence[Step], why: str, trouble: str) -> None:
    for step in waiting:
        step.error = f"{why} ({trouble or step.status})"


def _is_settled(step: Step, status: dict[str, Any], seconds: float) -> bool:
    step.status = status.get(step.digest, "gone")
    step.seconds = round(seconds, 1)
    if step.status == "gone":
        step.error = "it was removed while its analysis was awaited"
    return step.status in (ANALYSED, FAILED, "gone")


def say_what_failed(steps: Sequence[Step]) -> None:
    """An analysis that failed is an error of its image."""
    for step in steps:
        if step.status == FAILED and not step.error:
            step.error = "the engine could not analyse it"


def _side_by_side(steps: Sequence[Step], work: Callable[[Step], None], parallel: int) -> None:
    def one(step: Step) -> None:
        try:
            work(step)
        except AnchoreError as exc:
            step.error = str(exc)

    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        list(pool.map(one, steps))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives each image its verdict: digest, policy, cache, scanner; within the time of the review."""

from __future__ import annotations

import asyncio
import functools
import logging
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import Evaluation
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import Scanner, ScannerError
from bulkhead_admission.cache import Cache, Made, Overloaded, TooLate
from bulkhead_admission.config import Config
from bulkhead_admission.metrics import Metrics
from bulkhead_admission.verdict import Verdict

log = logging.getLogger(__name__)
T = TypeVar("T")
Resolve = Callable[[str, float], str]
"""(reference, deadline of time.monotonic()) -> digest; blocks. Raises ScannerError."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_LONGEST_NAME = 1024


@dataclass(frozen=True)
class NoVerdict:
    """Why there is none: a kind of KINDS, of OWN_KINDS or no_digest, and a sentence."""

    kind: str
    message: str


class Failure(Exception):
    """There is no verdict."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.told = NoVerdict(kind, message)


class Judge:
    """Verdicts on images. What blocks runs in threads; what is asked for twice at the same time is asked once."""

    def __init__(self, config: Config, scanner: Scanner, resolve: Resolve, threads: Executor, metrics: Metrics) -> None:
        self._config, self._scanner, self._resolve = config, scanner, resolve
        self._threads, self._metrics = threads, metrics
        size = config.cache.size
        # By name, too: bundles map names to policies, and the same content may be refused under another one.
        self.verdicts: Cache[tuple[str, str, str], Evaluation | NoVerdict] = Cache(size)
        self.digests: Cache[str, str | NoVerdict] = Cache(size)

    async def verdicts_of(self, images: Sequence[str], policy_id: str, deadline: float) -> tuple[Verdict, ...]:
        """The verdicts in the order of the images, side by side. deadline: of time.monotonic()."""
        if len(images) == 1:
            return (await self._verdict(images[0], policy_id, deadline),)
        return tuple(await asyncio.gather(*(self._verdict(image, policy_id, deadline) for image in images)))

    async def close(self) -> None:
        """Ask for nothing more."""
        await self.verdicts.close()
        await self.digests.close()

    async def _verdict(self, image: str, policy_id: str, deadline: float) -> Verdict:
        digest = ""
        try:
            digest, name = await self._content(image, deadline)
            found, source = await self.verdicts.get(
                (name, digest, policy_id), functools.partial(self._judged, name, digest, policy_id), deadline
            )
            self._metrics.count("cache", cache="verdict", source=source)
            if isinstance(found, NoVerdict):
                return Verdict(image, digest, failure=found.kind, message=found.message, source=source)
            return Verdict(image, digest, found, source=source)
        except Failure as failure:
            return Verdict(image, digest, failure=failure.told.kind, message=failure.told.message)
        except TooLate:
            # Not the same kind: the registry is of the user's choice, and a slow one must not open a door.
            kind, who = ("timeout", "scanner") if digest else ("unresolved", "registry")
            return Verdict(image, digest, failure=kind, message=f"the {who} did not answer in the time of this review")
        except Overloaded:
            return Verdict(image, digest, failure="overloaded", message="too many images are waiting for a verdict")

    async def _content(self, image: str, deadline: float) -> tuple[str, str]:
        """(digest, name with its tag) of an image."""
        if len(image) > _LONGEST_NAME:
            raise Failure("unresolved", "its name is longer than any image's")
        read = image_reference.parse(image)
        if read.by_id:
            raise Failure("unresolved", "an id without a name says nothing of where it comes from")
        name = f"{read.name}:{read.tag}" if read.tag else f"{read.name}@{read.digest}"
        if read.digest:
            if not _DIGEST.match(read.digest):
                raise Failure("unresolved", "its digest is no sha256:… of 64 digits")
            return read.digest, name
        if self._config.require_digest:
            raise Failure("no_digest", "it has a tag, which somebody may move, and no digest")
        found, source = await self.digests.get(name, functools.partial(self._resolved, name), deadline)
        self._metrics.count("cache", cache="digest", source=source)
        if isinstance(found, NoVerdict):
            raise Failure(found.kind, found.message)
        return found, name

    async def _resolved(self, name: str) -> Made[str | NoVerdict]:
        limits = self._config.cache
        try:
            digest = await self._in_thread(self._resolve, name, time.monotonic() + self._config.registry.seconds)
            if not _DIGEST.match(digest):
                raise Failure("unresolved", "the registry told no digest of it")
        except Failure as failure:
            self._metrics.count("registry_errors", kind=failure.told.kind)
            # Whatever the registry's reason: no content is known to ask the scanner about.
            return Made(NoVerdict("unresolved", failure.told.message), limits.failure, failed=True)
        return Made(digest, limits.tag)

    async def _judged(self, name: str, digest: str, policy_id: str) -> Made[Evaluation | NoVerdict]:
        limits, began = self._config.cache, time.monotonic()
        deadline = began + self._config.scanner.seconds
        try:
            ask = functools.partial(self._scanner.evaluate, deadline=deadline)
            evaluation = await self._in_thread(ask, name, digest, policy_id)
            if evaluation.digest != digest:
                raise Failure("wrong_digest", f"the scanner spoke of {evaluation.digest[:80]}")
        except Failure as failure:
            self._metrics.count("scanner_errors", kind=failure.told.kind)
            told = await self._after_analysis(failure.told, name, digest)
            return Made(told, limits.failure, failed=True)
        finally:
            self._metrics.observe("scan_seconds", time.monotonic() - began)
        return Made(evaluation, limits.verdict if evaluation.passed else limits.refusal, limits.stale)

    async def _after_analysis(self, told: NoVerdict, name: str, digest: str) -> NoVerdict:
        """Have the scanner look at what it does not know, where that is wanted: a later review finds a verdict then."""
        request = getattr(self._scanner, "request_analysis", None)
        if told.kind != "unknown_image" or not self._config.request_analysis or request is None:
            return told
        try:
            await self._in_thread(request, name, digest)
        except Failure as failure:
            log.warning("%s: its analysis could not be asked for: %s", name, failure)
            return told
        self._metrics.count("analyses_requested")
        return NoVerdict("not_analysed", f"{name}: its analysis has just been asked for")

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """What blocking work returns. Raises Failure for whatever goes wrong in it."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        except ScannerError as error:
            raise Failure(error.kind, str(error)) from error
        except Exception as error:
            # Whatever a scanner does: there is no verdict then, and the review is answered as is declared.
            log.exception("a verdict failed in a way that nobody thought of")
            raise Failure("internal", f"{type(error).__name__} in the webhook; its log says more") from error

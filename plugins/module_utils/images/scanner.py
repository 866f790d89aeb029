# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every scanner can do, and how each says that it could not."""

from __future__ import annotations

from typing import Protocol

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import Evaluation

KINDS = (
    "unreachable",
    "timeout",
    "unauthorised",
    "forbidden",
    "unknown_image",
    "not_analysed",
    "analysis_failed",
    "invalid_answer",
    "server_error",
    "policy",
    "wrong_digest",
)
"""Why there is no verdict, for whoever decides what to do then."""


class ScannerError(Exception):
    """There is no verdict: `kind` is one of KINDS, the message one sentence for the user, without any secret."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Scanner(Protocol):
    """Who judges images. Safe to be called by several threads at once."""

    @property
    def name(self) -> str:
        """What it is called in findings."""

    def evaluate(
        self, reference: str, digest: str, policy_id: str = "", *, deadline: float | None = None
    ) -> Evaluation:
        """The verdict on the content `digest` (sha256:…, of the manifest), named `registry/repository:tag`.

        policy_id: "" for the active or only bundle. deadline: a time of time.monotonic(), after which the answer is of
        no use. Raises ScannerError.
        """

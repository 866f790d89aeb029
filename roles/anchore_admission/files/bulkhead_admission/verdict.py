# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of one image of a review, and whether it may run."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import (
    STOP,
    WARN,
    Evaluation,
    Reason,
)

_SHOWN = 3
_LONGEST = 200


@dataclass(frozen=True)
class Verdict:
    """The judgement of an image, or why there is none: then `failure` is a kind, and `message` says it in a sentence.

    source: fresh, stale or made, as the cache says.
    """

    image: str
    digest: str = ""
    evaluation: Evaluation | None = None
    failure: str = ""
    message: str = ""
    source: str = "made"

    @property
    def refused(self) -> bool:
        """Whether the policy stops it."""
        return self.evaluation is not None and not self.evaluation.passed

    @property
    def warned(self) -> bool:
        """Whether the policy lets it run, and warns."""
        return self.evaluation is not None and self.evaluation.action == WARN

    def reasons(self) -> str:
        """The first reasons of a refusal or a warning, in one line."""
        if self.evaluation is None:
            return clean(self.message)
        action = STOP if self.refused else WARN
        counted = [each for each in self.evaluation.reasons if each.action == action and not each.allowlisted]
        if not counted:
            return f"it is {self.evaluation.why}" if self.evaluation.why else "the policy gives no reason"
        more = f"; and {len(counted) - _SHOWN} more" if len(counted) > _SHOWN else ""
        return "; ".join(_said(each) for each in counted[:_SHOWN]) + more


def _said(reason: Reason) -> str:
    return f"{clean(reason.gate)}/{clean(reason.trigger)}: {clean(reason.message)}"


def clean(text: str, longest: int = _LONGEST) -> str:
    """A text of others in one line of printable characters, cut where it is too long."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * longest])
    line = " ".join(line.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"

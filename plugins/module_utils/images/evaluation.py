# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy says of an image. The same shape whoever evaluated it: Anchore Engine, or our own evaluator."""

from __future__ import annotations

from dataclasses import dataclass

GO, WARN, STOP = "go", "warn", "stop"
ACTIONS = (GO, WARN, STOP)
"""From the mildest to the strictest."""
NOT_JUDGED = "not_judged"
"""The trigger_id of the reason that says that a rule could not be judged."""


@dataclass(frozen=True)
class Reason:
    """One row of an evaluation: which trigger of which gate fired, on what, and to what effect (one of ACTIONS).

    `allowlisted` names the whitelist that excuses it; "" where none does.
    """

    gate: str
    trigger: str
    trigger_id: str
    message: str
    action: str
    allowlisted: str = ""


@dataclass(frozen=True)
class Evaluation:
    """The verdict on one content: the digest of its manifest, the name under which it was judged, and by which bundle.

    action: the final one of ACTIONS. evaluated_at: RFC 3339, UTC, "" where it is not known. why: what decided,
    "policy_evaluation", "whitelisted" or "blacklisted".
    """

    reference: str
    digest: str
    policy_id: str
    action: str
    reasons: tuple[Reason, ...] = ()
    evaluated_at: str = ""
    why: str = ""

    @property
    def passed(self) -> bool:
        """Whether the image may run; a warning does not stop it."""
        return self.action != STOP

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided without a look at any image, and what verdicts come to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from bulkhead_admission.config import OPEN, Config
from bulkhead_admission.config_sections import BreakGlass, Exemptions
from bulkhead_admission.patterns import any_matches, matches
from bulkhead_admission.review import BREAK_GLASS, Answer, Question
from bulkhead_admission.verdict import Verdict, clean

_LONGEST_REASON = 500


@dataclass(frozen=True)
class Decision:
    """An answer, and why, in one word for logs and metrics."""

    answer: Answer
    why: str
    policy_id: str = ""
    verdicts: tuple[Verdict, ...] = ()


def at_once(question: Question, config: Config) -> Decision | None:
    """The decision where no image has to be looked at; None where the images decide."""
    found = _exempt(question, config.exemptions) or _break_glass(question, config.break_glass)
    if found is None and not question.images:
        return Decision(Answer(True), "unchanged" if question.all_images else "no_images")
    return found


def policy_of(question: Question, config: Config, path_name: str = "") -> str:
    """The id of the bundle: that of the webhook that was called, else the first for the namespace, else the default."""
    for policy in config.policies:
        if policy.name == path_name if path_name else matches(question.namespace, policy.namespaces):
            return policy.policy_id
    return config.policy_id


def exempt_images(question: Question, exemptions: Exemptions) -> Question:
    """The question without the images that nobody has to judge, which are told by their full names."""
    return replace(question, images=tuple(i for i in question.images if not matches(full_name(i), exemptions.images)))


def full_name(image: str) -> str:
    """An image as Docker completes it, without its digest: whoever exempts registry.example.com/base/* means that."""
    read = image_reference.parse(image)
    return f"{read.name}:{read.tag}" if read.tag else read.name


def decided(verdicts: Sequence[Verdict], policy_id: str, failure: Mapping[str, str]) -> Decision:
    """The decision upon all images. One that is refused, or fails closed, refuses the whole object."""
    refusals = [_refusal(each) for each in verdicts if each.refused]
    closed = [each for each in verdicts if each.failure and failure.get(each.failure) != OPEN]
    opened = [each for each in verdicts if each.failure and failure.get(each.failure) == OPEN]
    warnings = [f"{clean(each.image)}: {each.reasons()}" for each in verdicts if each.warned]
    warnings += [f"{clean(each.image)} was NOT judged ({each.failure}): {each.reasons()}" for each in opened]
    annotations = _annotations(verdicts, policy_id, opened)
    if refusals or closed:
        message = " | ".join([*refusals, *map(_without_verdict, closed)])
        why = "refused" if refusals else "failed_closed"
        return Decision(Answer(False, message, warnings, annotations), why, policy_id, tuple(verdicts))
    why = "failed_open" if opened else "warned" if warnings else "admitted"
    return Decision(Answer(True, "", warnings, annotations), why, policy_id, tuple(verdicts))


def _exempt(question: Question, exemptions: Exemptions) -> Decision | None:
    if matches(question.namespace, exemptions.namespaces):
        return _passed("exempt_namespace", question.namespace)
    if matches(question.user, exemptions.users) or any_matches(question.groups, exemptions.groups):
        return _passed("exempt_user", question.user)
    return None


def _passed(why: str, whom: str) -> Decision:
    return Decision(Answer(True, annotations={"decision": why, "exempt": whom}), why)


def _break_glass(question: Question, allowed: BreakGlass) -> Decision | None:
    """Who may, gets in with a reason. Who may not, cannot even set it: pods are made of what he writes later on."""
    reason = question.break_glass
    if reason is None or not (question.images or question.break_glass_new):
        return None
    person = question.user in allowed.users or not set(allowed.groups).isdisjoint(question.groups)
    # A controller makes pods of a template, into which only such a person could put the annotation.
    if not person and question.user not in allowed.controllers:
        message = (
            f"{clean(question.user)} may not set the annotation {BREAK_GLASS}, which lets images in unjudged. "
            "Take it out, or ask one of those who may."
        )
        return Decision(Answer(False, message, annotations={"decision": "break_glass_refused"}), "break_glass_refused")
    if not reason.strip():
        message = f"The annotation {BREAK_GLASS} is empty: write the reason into it."
        return Decision(Answer(False, message, annotations={"decision": "break_glass_refused"}), "break_glass_refused")
    annotations = {"decision": "break_glass", "break-glass": clean(reason, _LONGEST_REASON)}
    warning = f"Break-glass: images were let in unjudged, and it was recorded. Reason: {clean(reason)}"
    return Decision(Answer(True, "", [warning], annotations), "break_glass")


def _refusal(verdict: Verdict) -> str:
    evaluation = verdict.evaluation
    policy = clean(evaluation.policy_id) if evaluation and evaluation.policy_id else "that is active"
    return (
        f"image {clean(verdict.image)} ({verdict.digest}) is refused by the policy {policy}: {verdict.reasons()}. "
        "To have it admitted, mend the image, or have the policy allow what was found"
    )


def _without_verdict(verdict: Verdict) -> str:
    digest = f" ({verdict.digest})" if verdict.digest else ""
    return (
        f"image {clean(verdict.image)}{digest} has no verdict ({verdict.failure}): {verdict.reasons()}. {_way(verdict)}"
    )


def _way(verdict: Verdict) -> str:
    """What to do about it."""
    return {
        "not_analysed": "Its analysis has to end first; try again then",
        "unknown_image": "Have the scanner analyse it first",
        "no_digest": "Name it by its digest, as in name@sha256:…",
        "unresolved": "See that the registry has it and can be reached",
    }.get(verdict.failure, "Nothing is admitted unjudged; try again when the scanner answers")


def _annotations(verdicts: Sequence[Verdict], policy_id: str, opened: Sequence[Verdict]) -> dict[str, str]:
    """For the audit log of the API server: what was judged, by content."""
    judged = ", ".join(f"{clean(each.image)}={each.digest or each.failure}" for each in verdicts)
    found = {"images": clean(judged, 2000), "policy": policy_id or "active"}
    if opened:
        found["failed-open"] = clean(", ".join(f"{each.image}: {each.failure}" for each in opened), 1000)
    return found

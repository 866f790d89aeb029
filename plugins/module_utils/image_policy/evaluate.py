# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge an image by a bundle, as Anchore Engine does, over facts that Syft and Grype tell. Pure but for the time.

What the facts cannot tell is a row of its own, which warns: a rule that could not be judged is never a pass in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy import (
    gate_contents,
    gate_dockerfile,
    gate_vulnerabilities,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    Bundle,
    ImageSelection,
    Policy,
    Rule,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    Mapping as BundleMapping,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.excuses import Excuses
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.gate import (
    CannotJudgeError,
    Match,
    Trigger,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.selection import expression
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import (
    ACTIONS,
    GO,
    NOT_JUDGED,
    STOP,
    WARN,
    Evaluation,
    Reason,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import ImageFacts

_OFFICIAL = "library/"
_GATES: Mapping[str, Mapping[str, Trigger]] = {
    "always": gate_contents.ALWAYS,
    "dockerfile": gate_dockerfile.TRIGGERS,
    "licenses": gate_contents.LICENSES,
    "metadata": gate_contents.METADATA,
    "npms": gate_contents.NPMS,
    "packages": gate_contents.PACKAGES,
    "ruby_gems": gate_contents.RUBY_GEMS,
    "vulnerabilities": gate_vulnerabilities.TRIGGERS,
}
IMAGES = "images"
"""The gate of the rows that are about the lists and mappings of the bundle itself, and of no rule."""


def evaluate(bundle: Bundle, facts: ImageFacts, *, unjudged: str = WARN, now: datetime | None = None) -> Evaluation:
    """The verdict of the bundle. unjudged: the action for a rule that the facts do not suffice for."""
    now = now or datetime.now(timezone.utc)
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    mapping = next((each for each in bundle.mappings if selects(each, facts)), None)
    denied, allowed = _listed(bundle.blacklisted_images, facts), _listed(bundle.whitelisted_images, facts)
    reasons = list(_reasons(bundle, mapping, facts, unjudged, now)) if mapping else []
    if denied:
        reasons.insert(0, Reason(IMAGES, "blacklisted", facts.reference, "It is on the deny list of the policy", STOP))
    elif mapping is None and not allowed:
        reasons.append(Reason(IMAGES, "unmapped", facts.reference, "No mapping of the policy selects the image", STOP))
    why = "blacklisted" if denied else "whitelisted" if allowed else "policy_evaluation"
    strictest = max((reason.action for reason in reasons if not reason.allowlisted), key=ACTIONS.index, default=GO)
    final = GO if why == "whitelisted" else strictest
    return Evaluation(facts.reference, facts.digest, bundle.id, final, tuple(reasons), stamp, why)


def selects(selection: ImageSelection, facts: ImageFacts) -> bool:
    """Whether a mapping or an entry of a list selects the image."""
    read = image_reference.parse(facts.reference)
    if not (_fits(selection.registry, read.registry) and any(_fits(selection.repository, n) for n in _names(read))):
        return False
    if selection.image_type == "digest":
        return bool(facts.digest) and selection.image_value == facts.digest
    if selection.image_type == "id":
        return selection.image_value == facts.image_id.rpartition(":")[2] != ""
    return _fits(selection.image_value, read.tag)


def _names(read: image_reference.ImageReference) -> tuple[str, ...]:
    """The engine knows an official image of Docker Hub by its short name, and others by the long one."""
    official = read.registry == image_reference.DEFAULT_REGISTRY and read.repository.startswith(_OFFICIAL)
    return (read.repository, read.repository[len(_OFFICIAL) :]) if official else (read.repository,)


def _fits(pattern: str, text: str) -> bool:
    return pattern == "*" or re.match(expression(pattern), text) is not None


def _listed(selections: Sequence[ImageSelection], facts: ImageFacts) -> bool:
    return any(selects(each, facts) for each in selections)


def _reasons(
    bundle: Bundle, mapping: BundleMapping, facts: ImageFacts, unjudged: str, now: datetime
) -> Iterator[Reason]:
    policies = {policy.id: policy for policy in bundle.policies}
    excuses = Excuses([each for each in bundle.whitelists if each.id in mapping.whitelist_ids], now)
    for policy_id in mapping.policy_ids:
        policy = policies.get(policy_id)
        if policy is None:
            message = f"The policy {policy_id}, which a mapping names, is not in the bundle"
            yield Reason(IMAGES, "policy", policy_id, message, STOP)
            continue
        yield from _of_policy(policy, excuses, facts, unjudged)


def _of_policy(policy: Policy, excuses: Excuses, facts: ImageFacts, unjudged: str) -> Iterator[Reason]:
    for rule in policy.rules:
        for found, action in _found(rule, facts, unjudged):
            excuse = excuses.of(rule.gate, found.trigger_id)
            yield Reason(rule.gate, rule.trigger, found.trigger_id, found.message, action, excuse)


def _found(rule: Rule, facts: ImageFacts, unjudged: str) -> list[tuple[Match, str]]:
    trigger = _GATES.get(rule.gate.lower(), {}).get(rule.trigger.lower())
    rows: list[tuple[Match, str]] = []
    try:
        if trigger is None:
            raise CannotJudgeError("A bill of materials does not tell it")
        for found in trigger(rule, facts):
            rows.append((found, rule.action.lower()))
    except CannotJudgeError as exc:
        rows.append((Match(NOT_JUDGED, f"{rule.gate} {rule.trigger} could not be judged: {exc}"), unjudged))
    return rows

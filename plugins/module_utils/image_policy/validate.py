# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a bundle, all at once: its rules by the language of policies, its references, its excuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    VERSION,
    Bundle,
    Rule,
    WhitelistItem,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parameters import (
    parameter_problems,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.problem import (
    Problem,
    suggestion,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.selection import (
    pattern_problem,
    selection_problems,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import (
    ENGINE_1_1_0,
    Specification,
    TriggerSpec,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.unknown_keys import unknown_keys


def validate_document(
    value: object, specification: Specification | None = None, now: datetime | None = None
) -> tuple[Bundle, list[Problem]]:
    """The bundle of plain JSON or YAML and its problems, keys that nothing reads among them. Raises BundleError."""
    bundle = bundle_from(value)
    return bundle, [*unknown_keys(value), *validate(bundle, specification, now)]


def validate(bundle: Bundle, specification: Specification | None = None, now: datetime | None = None) -> list[Problem]:
    """Every problem of the bundle, in its own order. An error is what would be refused or could never do its job.

    specification: the language of policies, by default that of Anchore Engine 1.1.0.
    """
    language = ENGINE_1_1_0 if specification is None else specification
    return [
        *_versions(bundle),
        *_rules(bundle, language),
        *_excuses(bundle, language, now or datetime.now(timezone.utc)),
        *_references(bundle),
        *selection_problems(bundle),
    ]


def _versions(bundle: Bundle) -> Iterator[Problem]:
    parts: list[tuple[str, Any]] = [("", bundle)]
    parts += [(f"policies[{index}].", policy) for index, policy in enumerate(bundle.policies)]
    parts += [(f"whitelists[{index}].", whitelist) for index, whitelist in enumerate(bundle.whitelists)]
    for path, part in parts:
        if part.version != VERSION:
            yield Problem(f"{path}version", f"is {part.version!r}, and the engine knows {VERSION} only")


def _rules(bundle: Bundle, specification: Specification) -> Iterator[Problem]:
    for number, policy in enumerate(bundle.policies):
        yield from _repeated(f"policies[{number}].rules", "rule", (rule.id for rule in policy.rules))
        for index, rule in enumerate(policy.rules):
            yield from _rule(f"policies[{number}].rules[{index}]", rule, specification)


def _rule(path: str, rule: Rule, specification: Specification) -> Iterator[Problem]:
    gate = specification.get(rule.gate.lower())
    if gate is None:
        fault = f"there is no gate {rule.gate!r}{suggestion(rule.gate, specification)}"
        yield Problem(f"{path}.gate", fault, gate=rule.gate, trigger=rule.trigger)
        return
    trigger = _trigger(gate.values(), rule.trigger)
    if trigger is None:
        fault = f"gate {rule.gate} has no trigger {rule.trigger!r}{suggestion(rule.trigger, gate)}"
        yield Problem(f"{path}.trigger", fault, gate=rule.gate, trigger=rule.trigger)
        return
    yield from parameter_problems(path, rule, trigger)


def _trigger(triggers: Iterable[TriggerSpec], name: str) -> TriggerSpec | None:
    wanted = name.lower()
    return next((each for each in triggers if wanted in (each.name, *each.aliases)), None)


def _excuses(bundle: Bundle, specification: Specification, now: datetime) -> Iterator[Problem]:
    for number, whitelist in enumerate(bundle.whitelists):
        yield from _repeated(f"whitelists[{number}].items", "item", (item.id for item in whitelist.items))
        for index, item in enumerate(whitelist.items):
            path = f"whitelists[{number}].items[{index}]"
            if item.gate.lower() not in specification:
                fault = f"there is no gate {item.gate!r}{suggestion(item.gate, specification)}"
                yield Problem(f"{path}.gate", fault, gate=item.gate)
            fault = pattern_problem(item.trigger_id)
            if fault:
                yield Problem(f"{path}.trigger_id", fault, gate=item.gate)
            yield from _expiry(f"{path}.expires_on", item, now)


def _expiry(path: str, item: WhitelistItem, now: datetime) -> Iterator[Problem]:
    if not item.expires_on:
        return
    moment = expiry(item)
    if moment is None:
        yield Problem(
            path, f"is {item.expires_on!r}, and must be a time in UTC such as 2030-01-31T00:00:00Z", item.gate
        )
    elif moment <= now:
        fault = f"has passed ({item.expires_on}), so that {item.trigger_id} is excused no more"
        yield Problem(path, fault, item.gate, level="warning")


def expiry(item: WhitelistItem) -> datetime | None:
    """When the excuse ends, or None where it never does, or where no time can be read in it."""
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"):
        try:
            return datetime.strptime(item.expires_on, form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None


def _references(bundle: Bundle) -> Iterator[Problem]:
    policies = [policy.id for policy in bundle.policies]
    whitelists = [whitelist.id for whitelist in bundle.whitelists]
    yield from _repeated("policies", "policy", policies)
    yield from _repeated("whitelists", "whitelist", whitelists)
    for index, mapping in enumerate(bundle.mappings):
        path = f"mappings[{index}]"
        if not mapping.policy_ids:
            yield Problem(f"{path}.policy_ids", f"names no policy; there are {', '.join(policies) or 'none'}")
        yield from _named(f"{path}.policy_ids", "policy", mapping.policy_ids, policies)
        yield from _named(f"{path}.whitelist_ids", "whitelist", mapping.whitelist_ids, whitelists)
    yield from _unused("policies", "policy", policies, {name for each in bundle.mappings for name in each.policy_ids})
    used = {name for each in bundle.mappings for name in each.whitelist_ids}
    yield from _unused("whitelists", "whitelist", whitelists, used)


def _named(path: str, kind: str, names: Iterable[str], known: list[str]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in known:
            yield Problem(f"{path}[{index}]", f"there is no {kind} {name!r}{suggestion(name, known)}")


def _unused(path: str, kind: str, names: Iterable[str], used: set[str]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in used:
            yield Problem(f"{path}[{index}].id", f"no mapping uses {kind} {name!r}", level="warning")


def _repeated(path: str, kind: str, names: Iterable[str]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and name in seen:
            yield Problem(f"{path}[{index}].id", f"{kind} {name!r} stands at {path}[{seen[name]}] already")
        seen.setdefault(name, index)

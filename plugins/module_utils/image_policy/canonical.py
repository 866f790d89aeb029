# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way to write a bundle down: what is sent, what is compared, and what a diff shows.

Lists that the API calls optional are always there: Anchore Engine 1.1.0 fails on a rule without `params`, a mapping
without `whitelist_ids` and a whitelist without `items`, whatever its specification says.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    Bundle,
    ImageSelection,
    Mapping,
    Policy,
    Rule,
    Whitelist,
    WhitelistItem,
)

Object = dict[str, Any]


def document(bundle: Bundle) -> Object:
    """The bundle as the API takes it."""
    return {
        "id": bundle.id,
        "version": bundle.version,
        **_texts(name=bundle.name, comment=bundle.comment),
        "policies": [_policy(policy) for policy in bundle.policies],
        "whitelists": [_whitelist(whitelist) for whitelist in bundle.whitelists],
        "mappings": [_mapping(mapping) for mapping in bundle.mappings],
        "whitelisted_images": [_selection(selection) for selection in bundle.whitelisted_images],
        "blacklisted_images": [_selection(selection) for selection in bundle.blacklisted_images],
    }


def _policy(policy: Policy) -> Object:
    return {
        "id": policy.id,
        "version": policy.version,
        **_texts(name=policy.name, comment=policy.comment),
        "rules": [_rule(rule) for rule in policy.rules],
    }


def _rule(rule: Rule) -> Object:
    params = [{"name": given.name, "value": given.value} for given in rule.params]
    return {
        **_texts(id=rule.id),
        "gate": rule.gate,
        "trigger": rule.trigger,
        "action": rule.action,
        "params": sorted(params, key=lambda given: given["name"]),
    }


def _whitelist(whitelist: Whitelist) -> Object:
    return {
        "id": whitelist.id,
        "version": whitelist.version,
        **_texts(name=whitelist.name, comment=whitelist.comment),
        "items": [_item(item) for item in whitelist.items],
    }


def _item(item: WhitelistItem) -> Object:
    return {
        **_texts(id=item.id),
        "gate": item.gate,
        "trigger_id": item.trigger_id,
        **_texts(expires_on=item.expires_on),
    }


def _mapping(mapping: Mapping) -> Object:
    return {
        **_selection(mapping),
        "policy_ids": list(mapping.policy_ids),
        "whitelist_ids": list(mapping.whitelist_ids),
    }


def _selection(selection: ImageSelection) -> Object:
    return {
        **_texts(id=selection.id),
        # The API asks for a name of every selection, and nothing depends on it.
        "name": selection.name or f"{selection.registry}/{selection.repository}",
        "registry": selection.registry,
        "repository": selection.repository,
        "image": {"type": selection.image_type, "value": selection.image_value},
    }


def _texts(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def as_declared(declared: Any, stored: Any) -> Any:
    """The stored document without the ids that the declared one leaves to the server, place by place."""
    if isinstance(declared, dict) and isinstance(stored, dict):
        kept = {key: value for key, value in stored.items() if key != "id" or "id" in declared}
        return {key: as_declared(declared.get(key), value) for key, value in kept.items()}
    if isinstance(declared, list) and isinstance(stored, list):
        paired = [as_declared(ours, theirs) for ours, theirs in zip(declared, stored)]
        return paired + stored[len(paired) :]
    return stored

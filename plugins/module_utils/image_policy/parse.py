# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle from plain JSON or YAML, and back to what the engine's API takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    ACTIONS,
    IMAGE_TYPES,
    VERSION,
    Bundle,
    ImageSelection,
    Mapping,
    Parameter,
    Policy,
    Rule,
    Whitelist,
    WhitelistItem,
)

Object = dict[str, Any]
T = TypeVar("T")


class BundleError(Exception):
    """A value that is no bundle. `path` says where, as in policies[0].rules[2].params[0].name; "" is the whole."""

    def __init__(self, path: str, fault: str) -> None:
        super().__init__(f"{path or 'bundle'}: {fault}")
        self.path = path
        self.fault = fault


def bundle_from(value: object) -> Bundle:
    """The bundle that `value` describes; keys that a bundle does not have are passed over. Raises BundleError."""
    given = _object(value, "")
    return Bundle(
        id=_text(given, "id", "", required=True),
        version=_version(given, ""),
        policies=_each(given, "policies", "", _policy, required=True),
        mappings=_each(given, "mappings", "", _mapping, required=True),
        whitelists=_each(given, "whitelists", "", _whitelist),
        whitelisted_images=_each(given, "whitelisted_images", "", _selection),
        blacklisted_images=_each(given, "blacklisted_images", "", _selection),
        **_label(given, ""),
    )


def _policy(value: object, path: str) -> Policy:
    given = _object(value, path)
    return Policy(
        id=_text(given, "id", path, required=True),
        version=_version(given, path),
        rules=_each(given, "rules", path, _rule),
        **_label(given, path),
    )


def _rule(value: object, path: str) -> Rule:
    given = _object(value, path)
    return Rule(
        gate=_text(given, "gate", path, required=True),
        trigger=_text(given, "trigger", path, required=True),
        action=_choice(given, "action", path, ACTIONS),
        params=_each(given, "params", path, _parameter),
        id=_text(given, "id", path),
    )


def _parameter(value: object, path: str) -> Parameter:
    given = _object(value, path)
    name = _text(given, "name", path, required=True)
    if given.get("value") is None:
        raise BundleError(_at(path, "value"), f"is missing; parameter {name} needs one")
    return Parameter(name, _plain(given["value"], _at(path, "value")))


def _plain(value: object, path: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise BundleError(path, f"must be text, not {_kind(value)}; a list is text with commas, such as 22,80")


def _selection(value: object, path: str) -> ImageSelection:
    return ImageSelection(**_selected(_object(value, path), path))


def _mapping(value: object, path: str) -> Mapping:
    given = _object(value, path)
    single = _text(given, "policy_id", path)
    several = _each(given, "policy_ids", path, _item_text)
    if single and several:
        raise BundleError(_at(path, "policy_ids"), "stands beside policy_id; name the policies in policy_ids alone")
    return Mapping(
        policy_ids=(single,) if single else several,
        whitelist_ids=_each(given, "whitelist_ids", path, _item_text),
        **_selected(given, path),
    )


def _selected(given: Object, path: str) -> dict[str, str]:
    image = _object(given.get("image"), _at(path, "image"))
    return {
        "registry": _text(given, "registry", path, required=True),
        "repository": _text(given, "repository", path, required=True),
        "image_type": _choice(image, "type", _at(path, "image"), IMAGE_TYPES),
        "image_value": _text(image, "value", _at(path, "image"), required=True),
        "name": _text(given, "name", path),
        "id": _text(given, "id", path),
    }


def _whitelist(value: object, path: str) -> Whitelist:
    given = _object(value, path)
    return Whitelist(
        id=_text(given, "id", path, required=True),
        version=_version(given, path),
        items=_each(given, "items", path, _item),
        **_label(given, path),
    )


def _item(value: object, path: str) -> WhitelistItem:
    given = _object(value, path)
    return WhitelistItem(
        gate=_text(given, "gate", path, required=True),
        trigger_id=_text(given, "trigger_id", path, required=True),
        id=_text(given, "id", path),
        expires_on=_moment(given, path),
    )


def _moment(given: Object, path: str) -> str:
    # YAML reads a date that is not quoted as a date, which has lost the form that the API asks for.
    value = given.get("expires_on")
    text = value.isoformat() if isinstance(value, datetime) else _text(given, "expires_on", path)
    return text[: -len("+00:00")] + "Z" if text.endswith("+00:00") else text


def _version(given: Object, path: str) -> str:
    if given.get("version") == 10:
        raise BundleError(_at(path, "version"), f'must be "{VERSION}" in quotes, for YAML reads {VERSION} as number 10')
    return _text(given, "version", path, required=True)


def _label(given: Object, path: str) -> dict[str, str]:
    return {"name": _text(given, "name", path), "comment": _text(given, "comment", path)}


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _object(value: object, path: str) -> Object:
    if not isinstance(value, dict):
        raise BundleError(path, f"must be an object, not {_kind(value)}")
    return value


def _each(
    given: Object, key: str, path: str, read: Callable[[object, str], T], *, required: bool = False
) -> tuple[T, ...]:
    value = given.get(key)
    if value is None and not required:
        return ()
    if not isinstance(value, list):
        raise BundleError(_at(path, key), "is missing" if value is None else f"must be a list, not {_kind(value)}")
    return tuple(read(item, f"{_at(path, key)}[{index}]") for index, item in enumerate(value))


def _text(given: Object, key: str, path: str, *, required: bool = False) -> str:
    value = given.get(key)
    if value is None or value == "":
        if required:
            raise BundleError(_at(path, key), "is missing")
        return ""
    return _item_text(value, _at(path, key))


def _item_text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise BundleError(path, f"must be text, not {_kind(value)}")
    return value


def _choice(given: Object, key: str, path: str, choices: tuple[str, ...]) -> str:
    text = _text(given, key, path, required=True)
    for choice in choices:
        if text.lower() == choice.lower():
            return choice
    raise BundleError(_at(path, key), f"is {text!r}, and must be one of {', '.join(choices)}")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", bool: "a boolean", int: "a number", float: "a number", str: "text"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)

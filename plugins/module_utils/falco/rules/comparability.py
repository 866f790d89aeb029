# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operators and transformers a type of field takes."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import FieldType
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    COMPILE_CONDITION,
    RulesError,
)

_EQUALITY = frozenset({"=", "==", "!=", "in", "intersects", "exists"})
_ORDER = frozenset({"<", "<=", ">", ">="})
_NUMERIC = _EQUALITY | _ORDER
_STRING = _NUMERIC | {"contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex", "pmatch"}
_BUFFER = _EQUALITY | {"contains", "startswith", "endswith", "bcontains", "bstartswith"}
_LIST = frozenset({"in", "intersects", "exists"})

_LIST_TYPES = frozenset({"CHARBUF", "UINT64", "RELTIME", "ABSTIME", "BOOL", "IPADDR", "IPNET"})
_STRING_TYPES = frozenset({"CHARBUF", "FSPATH", "FSRELPATH"})
_NUMERIC_TYPES = frozenset(
    {
        *(f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
        *(f"{kind}FLAGS{bits}" for kind in ("", "ENUM") for bits in (8, 16, 32)),
        *("ERRNO", "FD", "PID", "SYSCALLID", "SIGTYPE", "RELTIME", "ABSTIME", "PORT", "DOUBLE", "MODE"),
    }
)
_ADDRESS_TYPES = frozenset({"IPADDR", "IPNET"})
_OPERATORS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_NUMERIC_TYPES, _NUMERIC),
    **dict.fromkeys(_STRING_TYPES, _STRING),
    **dict.fromkeys(_ADDRESS_TYPES, _EQUALITY),
    "BOOL": _EQUALITY,
    "BYTEBUF": _BUFFER,
}
_SAYS = {"CHARBUF": "a text", "BOOL": "true or false", "BYTEBUF": "a buffer", "IPADDR": "an address", "IPNET": "a net"}


def describe(field: FieldType) -> str:
    """What a field is, in words."""
    what = _SAYS.get(field.type) or ("a number" if field.type in _NUMERIC_TYPES else f"of type {field.type}")
    return f"a list ({field.type})" if field.is_list else what


def check_operator(field: FieldType, op: str) -> None:
    """RulesError where a field of this type cannot be compared so."""
    # A field of events differs from event to event in its type; what exists can always be asked.
    if op == "exists":
        return
    plain = op.split(" ")[0]
    allowed = _LIST if field.is_list and field.type in _LIST_TYPES else _OPERATORS.get(field.type, frozenset())
    if plain not in allowed:
        hint = f"it takes {', '.join(sorted(allowed))}" if allowed else ""
        message = f"{field.name} is {describe(field)}, which the operator {plain} does not compare"
        raise RulesError(COMPILE_CONDITION, message, suggestion=hint)


def transformed(field: FieldType, transformer: str) -> FieldType:
    """The field as a transformer makes it. RulesError where it does not take such a field."""
    if "t" in field.flags:
        raise RulesError(COMPILE_CONDITION, f"{field.name} takes no transformer")
    if transformer == "val":
        return field
    if transformer == "len" and (field.is_list or field.type in _STRING_TYPES or field.type == "BYTEBUF"):
        return replace(field, type="UINT64", flags=field.flags.replace("l", ""))
    if transformer == "b64" and field.type in ("CHARBUF", "BYTEBUF"):
        return field
    if transformer in ("tolower", "toupper", "basename") and field.type in _STRING_TYPES:
        return field
    raise RulesError(COMPILE_CONDITION, f"{transformer}() does not take {field.name}, which is {describe(field)}")


def check_right_side(left: FieldType, op: str, right: FieldType) -> None:
    """RulesError where two fields cannot be compared with each other."""
    if op in ("pmatch", "regex"):
        raise RulesError(COMPILE_CONDITION, f"the operator {op} does not compare with a field")
    for field in (left, right):
        if "r" in field.flags or field.type == "IPNET":
            raise RulesError(COMPILE_CONDITION, f"{field.name} cannot be compared with another field")
    if (left.type, left.is_list) != (right.type, right.is_list):
        message = f"{left.name} is {describe(left)}, but {right.name} is {describe(right)}"
        raise RulesError(COMPILE_CONDITION, message)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Label selectors: as a query for a list, and applied here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_QUERIES = {"In": "{key} in ({values})", "NotIn": "{key} notin ({values})", "Exists": "{key}", "DoesNotExist": "!{key}"}


def as_query(selector: Mapping[str, Any]) -> str:
    """matchLabels and matchExpressions as the text that a list takes."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or []:
        parts.append(_QUERIES[each["operator"]].format(key=each["key"], values=",".join(each.get("values") or [])))
    return ",".join(parts)


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether it selects what has these labels. An empty selector selects everything."""
    wanted = (selector.get("matchLabels") or {}).items()
    return all(labels.get(key) == value for key, value in wanted) and all(
        _holds(each, labels) for each in selector.get("matchExpressions") or []
    )


def keys(selector: Mapping[str, Any]) -> Iterator[str]:
    """The labels that something must have to be selected."""
    yield from selector.get("matchLabels") or {}
    yield from (each["key"] for each in selector.get("matchExpressions") or [] if each["operator"] in ("In", "Exists"))


def _holds(each: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, operator = labels.get(each["key"]), each["operator"]
    if operator in ("Exists", "DoesNotExist"):
        return (value is not None) is (operator == "Exists")
    return (value in (each.get("values") or [])) is (operator == "In")

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member of the cast is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Member:
    """A subject of the audit, as it names it; the objects that it takes; and the ids of the controls that it must fail.

    prefix: of the controls that are judged by `fails`: of those that begin with it, no others may fail.
    more: whether others of the prefix may fail, too, as whoever may do everything has every risk.
    """

    kind: str
    name: str
    namespace: str
    objects: tuple[Object, ...]
    fails: tuple[str, ...] = ()
    prefix: str = ""
    more: bool = False

    @property
    def failing_controls(self) -> set[str]:
        """The ids in full."""
        return {f"{self.prefix}{name}" for name in self.fails}

    def is_subject_of(self, finding: Mapping[str, Any]) -> bool:
        """Whether a finding of the audit is about this member, by one of the controls that are judged here."""
        subject = finding["subject"]
        name = (subject["kind"], subject["name"], subject.get("namespace") or "")
        return name == (self.kind, self.name, self.namespace) and finding["control"].startswith(self.prefix)


def labelled(kind: str, name: str, namespace: str = "", *, api: str = "v1", **rest: Any) -> dict[str, Any]:
    """An object of the cast, which its label tells from all others."""
    metadata: dict[str, Any] = {"name": name, "labels": {"bulkhead.lab": "cast", **rest.pop("labels", {})}}
    if rest.get("annotations"):
        metadata["annotations"] = rest["annotations"]
    rest.pop("annotations", None)
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}

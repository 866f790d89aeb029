# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps by name. A step's module is imported when it is first asked for: most runners use three of twenty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import cast

from bulkhead_response.step import Step


class StepTable(MutableMapping[str, type[Step]]):
    """{name: class}, given as {name: "module:class"}."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """The modules are full names; nothing is imported yet."""
        self._places: dict[str, str | type[Step]] = dict(places)

    def __getitem__(self, name: str) -> type[Step]:
        place = self._places[name]
        if isinstance(place, str):
            module, _colon, attribute = place.partition(":")
            place = cast("type[Step]", getattr(import_module(module), attribute))
            self._places[name] = place
        return place

    def __setitem__(self, name: str, step: type[Step]) -> None:
        self._places[name] = step

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __contains__(self, name: object) -> bool:
        return name in self._places  # Mapping's own would import the module to find out

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a rules file, and where. The codes are Falco's own where Falco has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Falco's codes of errors, which keep it from loading the rules ...
FILE_READ = "LOAD_ERR_FILE_READ"
YAML_PARSE = "LOAD_ERR_YAML_PARSE"
YAML_VALIDATE = "LOAD_ERR_YAML_VALIDATE"
COMPILE_CONDITION = "LOAD_ERR_COMPILE_CONDITION"
COMPILE_OUTPUT = "LOAD_ERR_COMPILE_OUTPUT"
VALIDATE = "LOAD_ERR_VALIDATE"
# ... and of warnings.
UNKNOWN_SOURCE = "LOAD_UNKNOWN_SOURCE"
UNSAFE_NA_CHECK = "LOAD_UNSAFE_NA_CHECK"
NO_EVTTYPE = "LOAD_NO_EVTTYPE"
UNKNOWN_FILTER = "LOAD_UNKNOWN_FILTER"
UNUSED_MACRO = "LOAD_UNUSED_MACRO"
UNUSED_LIST = "LOAD_UNUSED_LIST"
UNKNOWN_ITEM = "LOAD_UNKNOWN_ITEM"
DEPRECATED_ITEM = "LOAD_DEPRECATED_ITEM"
APPEND_NO_VALUES = "LOAD_APPEND_NO_VALUES"
EXCEPTION_NAME_NOT_UNIQUE = "LOAD_EXCEPTION_NAME_NOT_UNIQUE"
INVALID_MACRO_NAME = "LOAD_INVALID_MACRO_NAME"
INVALID_LIST_NAME = "LOAD_INVALID_LIST_NAME"
COMPILE_WARNING = "LOAD_COMPILE_CONDITION"
UNKNOWN_KEY = "LOAD_UNKNOWN_KEY"
# What Falco takes without a word, and hardly anyone means. These are ours.
REDEFINED = "BULKHEAD_REDEFINED"
DUPLICATE_KEY = "BULKHEAD_DUPLICATE_KEY"
BAD_REGEX = "BULKHEAD_BAD_REGEX"
UNKNOWN_LIST = "BULKHEAD_UNKNOWN_LIST"


@dataclass(frozen=True)
class Place:
    """A place in a file, counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class RulesError(Exception):
    """Rules that Falco would refuse: the code, what is wrong, a hint, and where.

    offset: in the text of a condition or output, as long as nobody has said which file that stands in (`place`).
    unknown: it is the name of a field or event type that Falco does not know, which a rule may put up with.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        offset: int | None = None,
        place: Place | None = None,
        suggestion: str = "",
        unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset
        self.place = place
        self.suggestion = suggestion
        self.unknown = unknown

    def at(self, offset: int) -> RulesError:
        """The same with an offset, unless it has one. Errors may be shared, so this one stays as it is."""
        if self.offset is not None:
            return self
        return RulesError(
            self.code, self.message, offset=offset, place=self.place, suggestion=self.suggestion, unknown=self.unknown
        )

    def placed(self, place: Place) -> RulesError:
        """The same with its place in a file."""
        return RulesError(self.code, self.message, place=place, suggestion=self.suggestion, unknown=self.unknown)


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong. `item` is such as `rule: Terminal shell in container`."""

    code: str
    severity: str
    place: Place
    item: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.place}: {self.severity} {self.code}: {self.item}: {self.message}{hint}"

    def as_dict(self) -> dict[str, Any]:
        """As the module returns it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "item": self.item,
            "message": self.message,
            "suggestion": self.suggestion,
        }


class Report:
    """The issues that have been found."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def warn(self, code: str, message: str, place: Place, item: str, suggestion: str = "") -> None:
        """Something that Falco takes all the same."""
        self._add(Issue(code, "warning", place, item, message, suggestion))

    def refuse(self, error: RulesError, place: Place, item: str) -> None:
        """Something that Falco does not take; `place` serves where the error has none of its own."""
        self._add(Issue(error.code, "error", error.place or place, item, error.message, error.suggestion))

    def _add(self, issue: Issue) -> None:
        # What a macro does wrong is met again in each rule that uses it.
        if issue not in self.issues:
            self.issues.append(issue)

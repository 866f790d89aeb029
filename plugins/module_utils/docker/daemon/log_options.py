# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log-opts of the drivers that write files, as dockerd reads them.

dockerd checks only their names when it starts. It reads their values when a container starts, and with a wrong one no
container starts any more, while the daemon itself looks well.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

_EVERY = ("mode", "max-buffer-size")
_BOTH = ("max-size", "max-file", "compress")
_KNOWN = {
    "json-file": (*_BOTH, "labels", "labels-regex", "env", "env-regex", "tag", *_EVERY),
    "local": (*_BOTH, *_EVERY),
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?[kmgtp]?i?b?", re.IGNORECASE)
_YES = ("1", "t", "T", "TRUE", "true", "True")
_NO = ("0", "f", "F", "FALSE", "false", "False")


def log_option_problems(driver: str, options: Mapping[str, str]) -> list[str]:
    """Why no container would start with these options of the driver; nothing is said about other drivers."""
    if driver not in _KNOWN:
        return []
    unknown = [_unknown(driver, name) for name in options if name not in _KNOWN[driver] and name[:6] != "cache-"]
    return [
        f"log-opts: {problem}" for problem in [*unknown, *_values(driver, options), *_combinations(driver, options)]
    ]


def _unknown(driver: str, name: str) -> str:
    near = difflib.get_close_matches(name, _KNOWN[driver], n=1)
    return f"{driver} knows no {name}; " + (f"write {near[0]}" if near else f"it knows {', '.join(_KNOWN[driver])}")


def _values(driver: str, options: Mapping[str, str]) -> list[str]:
    problems = []
    for name in ("max-size", "max-buffer-size"):
        match = _SIZE.fullmatch(options.get(name, "1"))
        # The driver local takes 0 for its default.
        if not match or (driver == "json-file" and float(match[1]) == 0):
            problems.append(f"{name} wants a size such as 10m, not {_quoted(options[name])}; leave it out for no limit")
    count = options.get("max-file", "1")
    if not re.fullmatch(r"\+?\d+", count) or int(count) < 1:
        problems.append(f"max-file wants a number from 1 up, not {_quoted(count)}")
    if options.get("compress", "true") not in _YES + _NO:
        problems.append(f"compress wants true or false, not {_quoted(options['compress'])}")
    if options.get("mode", "") not in ("", "blocking", "non-blocking"):
        problems.append(f"mode wants blocking or non-blocking, not {_quoted(options['mode'])}")
    return problems


def _combinations(driver: str, options: Mapping[str, str]) -> list[str]:
    problems = []
    compress = options.get("compress", "true" if driver == "local" else "false") in _YES
    # The driver local has limits where none are named: five files of 20m.
    files = options.get("max-file", "5" if driver == "local" else "1")
    if compress and (files == "1" or (driver == "json-file" and "max-size" not in options)):
        problems.append("compress needs max-size and a max-file of 2 or more: set these, or compress to false")
    if "max-buffer-size" in options and options.get("mode") != "non-blocking":
        problems.append("max-buffer-size needs mode non-blocking: set that, or leave it out")
    return problems


def _quoted(value: str) -> str:
    return repr(value) if len(value) <= 20 else f"a string of {len(value)} characters"

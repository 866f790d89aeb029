# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what is being done, and how long it took."""

from __future__ import annotations

import contextlib
import sys
import textwrap
import time
from collections.abc import Iterator


def say(text: str, indent: int = 2) -> None:
    """A paragraph for a person, wrapped to the width of a page."""
    margin = " " * indent
    print(textwrap.fill(text, 100, initial_indent=margin, subsequent_indent=margin), flush=True)


def heading(text: str) -> None:
    """The title of a stage, in bold where a person looks at it."""
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{text}{plain}", flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """One line: what is being done, then the seconds it took."""
    print(f"  {text} … ", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:.1f} s", flush=True)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a handler as Kubeless's Python runtime does, for want of its image: a process a call, with a time limit.

python -m tests.e2e.kubeless_runtime FOLDER < alert.json: the folder is what Kubeless has unpacked. MOD_NAME,
FUNC_HANDLER and FUNC_TIMEOUT are set as its controller sets them. Prints what the handler returns; exit 1 where it
raises, 124 where it takes too long (the runtime answers 408 then).
"""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

TOO_LONG = 124


def load(folder: Path) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Any]:
    """The handler, from the file of its module; what lies beside it can be imported."""
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("function", folder / f"{os.environ['MOD_NAME']}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Mapping[str, Any], Mapping[str, Any]], Any] = getattr(module, os.environ["FUNC_HANDLER"])
    return handler


def event(body: bytes) -> dict[str, Any]:
    """As the NATS trigger sends it: what is JSON is parsed, all else stays bytes."""
    try:
        data = json.loads(body)
    except ValueError:
        data = body
    return {
        "data": data,
        "event-id": "1",
        "event-type": "application/json",
        "event-time": "2026-01-01T00:00:00Z",
        "event-namespace": "natstriggers.kubeless.io",
        "extensions": {"request": None},
    }


def _call(handler: Callable[[Any, Any], Any], body: bytes) -> None:
    context = {
        "function-name": "handler",
        "timeout": os.environ["FUNC_TIMEOUT"],
        "runtime": "python",
        "memory-limit": "",
    }
    sys.stdout.write(f"{handler(event(body), context)}\n")
    sys.stdout.flush()


def main() -> int:
    """The exit code."""
    process = multiprocessing.get_context("fork").Process(
        target=_call, args=(load(Path(sys.argv[1])), sys.stdin.buffer.read())
    )
    process.start()
    process.join(float(os.environ["FUNC_TIMEOUT"]))
    if process.is_alive():
        process.kill()
        return TOO_LONG
    return 1 if process.exitcode else 0


if __name__ == "__main__":
    sys.exit(main())

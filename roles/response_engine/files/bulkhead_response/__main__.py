# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m bulkhead_response --config FILE: run until SIGTERM; with --check, say whether it could, and end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from bulkhead_response.config import Config, load
from bulkhead_response.errors import ConfigError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bulkhead_response", description="Answers alerts by the rules of a file.")
    parser.add_argument("--config", type=Path, required=True, help="the configuration, a JSON file")
    parser.add_argument("--check", action="store_true", help="check configuration, NATS and permissions, and end")
    return parser.parse_args()


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    # It warns at the end of each TLS connection of NATS, of nothing that anybody could mend.
    logging.getLogger("asyncio").setLevel(logging.ERROR)


async def _run(config: Config) -> None:
    from bulkhead_response.service import Service

    await Service(config).run()


def main() -> int:
    """The exit code: 0 for a clean end or a good check, 1 for what has to be mended."""
    arguments = _arguments()
    _log_to_stderr("WARNING" if arguments.check else os.environ.get("BULKHEAD_RESPONSE_LOG_LEVEL", "INFO").upper())
    try:
        config = load(arguments.config)
        if arguments.check:
            from bulkhead_response.check import check

            return asyncio.run(check(config))
        asyncio.run(_run(config))
    except ConfigError as error:
        print(f"bulkhead_response: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

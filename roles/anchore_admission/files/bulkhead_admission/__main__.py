# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m bulkhead_admission --config FILE: answer reviews until SIGTERM; with --check, judge the file only."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from bulkhead_admission.config import Config, load
from bulkhead_admission.errors import ConfigError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bulkhead_admission", description="Answers reviews of an API server.")
    parser.add_argument("--config", type=Path, required=True, help="the configuration, a JSON file")
    parser.add_argument("--check", action="store_true", help="judge the configuration, and end")
    parser.add_argument("--drain", type=float, default=5.0, help="seconds to answer on after SIGTERM (%(default)s)")
    return parser.parse_args()


async def _run(config: Config, drain: float) -> None:
    from bulkhead_admission.resolver import make_resolver
    from bulkhead_admission.scanners import make_scanner
    from bulkhead_admission.service import Service

    await Service(config, make_scanner(config.scanner), make_resolver(config.registry), drain).run()


def main() -> int:
    """The exit code: 0 for a clean end or a good configuration, 1 for what has to be mended."""
    arguments = _arguments()
    level = os.environ.get("BULKHEAD_ADMISSION_LOG_LEVEL", "INFO").upper()
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    try:
        config = load(arguments.config)
        if not arguments.check:
            asyncio.run(_run(config, arguments.drain))
    except ConfigError as error:
        print(f"bulkhead_admission: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a configuration where neither NATS nor the files that it names are: on the controller, before it is brought.

judge_configuration.py FILE: exit 0, or exit 1 and one sentence on the standard error. The file is JSON with `config`,
and with `files`: the path on this machine of each file that the configuration names as the engine will find it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bulkhead_response import config
from bulkhead_response.errors import ConfigError
from bulkhead_response.response_rule import make_rules


def as_here(value: Any, files: Mapping[str, str]) -> Any:
    """The same, with the paths of this machine: some steps look into their files when they are made."""
    if isinstance(value, str):
        return files.get(value, value)
    if isinstance(value, dict):
        return {key: as_here(item, files) for key, item in value.items()}
    return [as_here(item, files) for item in value] if isinstance(value, list) else value


def judge(content: Mapping[str, Any]) -> None:
    """ConfigError for the first thing that the engine would refuse: a key, a value, a step or one of its parameters."""
    make_rules(config.read(as_here(content["config"], content["files"])), time.monotonic)


if __name__ == "__main__":
    try:
        judge(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    except (ConfigError, ImportError) as problem:
        sys.exit(str(problem))

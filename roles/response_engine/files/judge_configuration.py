# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a configuration where neither NATS nor the files that it names are: on the controller, before it is brought.

judge_configuration.py FILE: exit 0, or exit 1 and one sentence on the standard error.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bulkhead_response import actions, config, notify
from bulkhead_response.errors import ConfigError


def judge(file: Path) -> None:
    """ConfigError for the first thing that the engine would refuse: a key, a value, a step or one of its parameters."""
    for rule in config.load(file).rules:
        for step in rule.steps:
            table = actions.ACTIONS if step.is_action else notify.NOTIFICATIONS
            if step.name not in table:
                raise ConfigError(f"{step.path}: there is no {step.name}; there are {', '.join(sorted(table))}")
            try:
                table[step.name](step.params)
            except ConfigError as error:
                raise ConfigError(f"{step.path}.{error}") from error


if __name__ == "__main__":
    try:
        judge(Path(sys.argv[1]))
    except (ConfigError, ImportError) as problem:
        sys.exit(str(problem))

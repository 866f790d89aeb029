# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules files for tests, as short as they can be."""

from __future__ import annotations

import json

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.check import Verdict, check_rules
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine


def rule(condition: str = "evt.type = open", name: str = "one", **keys: object) -> str:
    """The text of a rule; JSON is YAML, too."""
    item = {"rule": name, "desc": "a rule", "condition": condition, "output": "something", "priority": "INFO", **keys}
    return "- " + json.dumps(item) + "\n"


def check(*texts: str, engine: Engine | None = None) -> Verdict:
    """The verdict on one file that is made of these texts."""
    return check_rules([("rules.yaml", "".join(texts))], engine)


def errors(*texts: str, engine: Engine | None = None) -> str:
    """The errors in that file."""
    return "; ".join(str(issue) for issue in check(*texts, engine=engine).errors)


def warnings(*texts: str, engine: Engine | None = None) -> str:
    """The warnings of that file."""
    return "; ".join(str(issue) for issue in check(*texts, engine=engine).warnings)

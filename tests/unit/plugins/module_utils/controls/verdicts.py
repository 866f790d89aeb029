# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which controls of a table fail for given facts: what the tests of the tables have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate


def failing(controls: Iterable[Control], scope: str, facts: Mapping[str, Any]) -> set[str]:
    """The last parts of the ids of the failing controls; none may end as an error."""
    subject = {"subject": {"kind": scope, "name": "x"}, "unknown": {}, **facts}
    found = evaluate({"subjects": {scope: [subject]}}, controls, "target").findings
    assert [finding for finding in found if finding["status"] == "error"] == []
    return {finding["control"].rpartition(".")[2] for finding in found if finding["status"] == "fail"}

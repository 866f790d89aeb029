# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation's examples and samples are true."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.gate import Gate
from ansible_collections.bulkhead.container_security.plugins.modules import audit_report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.outcome import sentence
from tests.unit.plugins.plugin_utils.report.fleet import audit, finding, previous, report

MODULE = "bulkhead.container_security.audit_report"


def tasks() -> list[dict[str, Any]]:
    entries = yaml.safe_load(audit_report.EXAMPLES)
    return [task for entry in entries for task in entry.get("tasks", [entry])]


def test_examples_use_options_that_exist() -> None:
    options = yaml.safe_load(audit_report.DOCUMENTATION)["options"]
    used = [task[MODULE] for task in tasks() if MODULE in task]
    assert len(used) == 3
    for arguments in used:
        assert set(arguments) <= set(options)


def test_samples_have_the_fields_of_a_real_result() -> None:
    one = report(audit("web1", finding()), previous=previous(report(audit("web1"))), gate=Gate(("critical",)))
    samples = {name: row.get("sample") for name, row in yaml.safe_load(audit_report.RETURN).items()}
    for part in ("summary", "drift", "gate"):
        assert set(samples[part]) == set(one[part])
    assert samples["gate"]["reasons"] == ["2 critical failing (fail_on: critical)"]
    assert sentence(one).endswith("on 1 host; 1 new, 0 regressed, 0 resolved.")

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue shows every control, with what it judges."""

from __future__ import annotations

import pytest

from tests.tooling.generate import catalogue

PAGES = (catalogue.DOCKER, catalogue.K8S, catalogue.FALCO, catalogue.NATS, catalogue.ANCHORE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.module)
def test_every_control_has_its_entry_and_its_row(page: catalogue.Page) -> None:
    text = catalogue.text(page)
    for control in page.controls:
        assert f"### {control.id}\n" in text
        assert f"| `{control.id}` | {control.severity} |" in text
        assert control.remediation in text
        assert (control.manual or control.actual) in text

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""clair_report as a module: its options are those that it documents."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.modules import clair_report
from tests.unit.documented_options import documented, taken


def test_the_documentation_is_of_the_options_there_are() -> None:
    assert documented(clair_report) == taken(clair_report)

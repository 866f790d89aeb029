# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""anchore_registry as a module: its options are those that it documents."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.modules import anchore_registry
from tests.unit.documented_options import documented, taken


def test_the_documentation_is_of_the_options_there_are() -> None:
    assert documented(anchore_registry) == taken(anchore_registry)


def test_passwords_are_kept_out_of_logs() -> None:
    spec = anchore_registry.argument_spec()
    assert spec["password"]["no_log"] is True
    assert spec["registries"]["options"]["password"]["no_log"] is True

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter vuls_config says what a declaration lacks."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.vuls_config import FilterModule


def test_it_makes_the_file_and_says_what_is_missing() -> None:
    made = FilterModule().filters()["vuls_config"]
    declared = {"servers": {"here": {"host": "localhost"}}, "default": {}, "databases": {}, "config": {}}
    assert "[servers.here]" in made(declared)
    with pytest.raises(AnsibleFilterError, match="vuls_config: 'databases' is missing"):
        made({})
    with pytest.raises(AnsibleFilterError, match="vuls_config: servers is empty"):
        made({**declared, "servers": {}})

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter falco_config: tagged data in, plain data out, and one sentence where it cannot be."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.falco_config import FilterModule

falco_config = FilterModule().filters()["falco_config"]


def test_a_declaration_becomes_the_whole_configuration() -> None:
    config = falco_config({"priority": "warning"}, platform="kubernetes", http_output={"url": "https://x/"})
    assert config["priority"] == "warning"
    assert config["http_output"]["url"] == "https://x/"


@pytest.mark.parametrize(
    ("declared", "options", "says"),
    [
        ({"priorty": "x"}, {}, "falco_config: priorty: Falco has no such key; did you mean priority"),
        ({}, {"version": "0.1.0"}, "older than 0.43"),
        ({}, {"http_output": ["https://x"]}, "http_output is a dictionary"),
    ],
)
def test_the_sentence_reaches_the_user(declared: dict[str, str], options: dict[str, object], says: str) -> None:
    with pytest.raises(AnsibleFilterError, match=says):
        falco_config(declared, **options)

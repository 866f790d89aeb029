# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter passes on what it is given, and says in a sentence what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.response_configuration import FilterModule

OPTIONS = {"backend": "host", "name": "respond", "namespace": "engine", "nats": {"servers": ["tls://nats:4222"]}}
response_configuration = FilterModule().filters()["response_configuration"]


def test_configuration() -> None:
    made = response_configuration({**OPTIONS, "secrets": {"slack": "/home/me/slack"}})
    assert made["folder"] == "/etc/respond/secrets"
    assert made["files"] == {"slack": "/home/me/slack"}
    assert made["config"]["own_namespace"] == "engine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({**OPTIONS, "nats": {}}, "response_configuration: response_engine_nats"),
        ({"backend": "kubeless"}, "response_configuration: .* is missing"),
    ],
)
def test_what_is_wrong(options: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        response_configuration(options)

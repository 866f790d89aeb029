# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters of NATS make of a play's variables, and how they say that these cannot be meant."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter import (
    nats_config,
    nats_objects,
    nats_restart_digest,
)

_SETTINGS: dict[str, Any] = {
    "server_name": "one",
    "listen": "127.0.0.1:4222",
    "tls": {"cert_file": "/c", "key_file": "/k", "ca_file": "/a"},
    "accounts": [{"name": "A", "users": [{"name": "joe", "publish": ["a.>"], "subscribe": []}]}],
    "nkeys": {"joe": "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"},
}


def test_a_declaration_becomes_a_text_with_a_digest() -> None:
    text = nats_config.FilterModule().filters()["nats_config"](_SETTINGS)
    assert 'listen: "127.0.0.1:4222"' in text
    digest = nats_restart_digest.FilterModule().filters()["nats_restart_digest"]
    assert digest(text) == digest(text + "debug: true\n") != ""


def test_what_cannot_be_meant_is_one_sentence() -> None:
    with pytest.raises(AnsibleFilterError, match=r"nats_config: accounts is missing"):
        nats_config.nats_config_filter({**_SETTINGS, "accounts": []})
    with pytest.raises(AnsibleFilterError, match="nats_objects: 'replicas' is missing"):
        nats_objects.FilterModule().filters()["nats_objects"]({"name": "nats"})

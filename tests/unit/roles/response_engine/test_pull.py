# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a delivered message is in its stream, by the subject of its acknowledgement."""

from __future__ import annotations

from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from bulkhead_response.pull import delivery_of


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.FALCO.response_engine.3.42.7.1764200000000000000.0",
        "$JS.ACK.hub.ACCOUNT.FALCO.response_engine.3.42.7.1764200000000000000.0.token",
    ],
)
def test_both_forms_are_read(reply: str) -> None:
    client: Any = Client()
    delivery = delivery_of(Msg(client, subject="falco.notice.x", reply=reply, data=b"{}"))
    assert delivery.place == ("FALCO", 42, 1764200000000000000)
    assert delivery.attempt == 3

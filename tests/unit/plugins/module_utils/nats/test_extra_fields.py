# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No field that a user adds opens the server, however it is written."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.extra_fields import check_extra


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ({"no_auth_user": "joe"}, "no_auth_user is not for here, for it decides who gets in"),
        # The server takes names in any case.
        ({"No_Auth_User": "joe"}, "No_Auth_User is not for here"),
        ({"AUTHORIZATION": {}}, "AUTHORIZATION is not for here"),
        ({"include": "other.conf"}, "include is not for here"),
        ({"websocket": {"port": 8443, "No_TLS": True}}, "No_TLS is not for here"),
        ({"mqtt": {"port": 1883, "no_auth_user": "joe"}}, "no_auth_user is not for here"),
        ({"leafnodes": {"remotes": [{"no_tls": True}]}}, "no_tls is not for here"),
        ({"debug: true, no_auth_user": "joe"}, "is not the name of a field"),
        ({"a\nno_auth_user": "joe"}, "is not the name of a field"),
        ([], "a dictionary is needed"),
    ],
)
def test_what_would_let_somebody_in_is_refused(extra: Any, sentence: str) -> None:
    with pytest.raises(NatsError, match=sentence):
        check_extra(extra)


def test_the_rest_is_taken() -> None:
    check_extra({"debug": True, "websocket": {"port": 8443, "tls": {"cert_file": "/c", "key_file": "/k"}}})

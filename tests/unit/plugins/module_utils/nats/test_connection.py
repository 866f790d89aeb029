# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a connection that cannot be meant are refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.connection import checked
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError


def _params(**options: Any) -> dict[str, Any]:
    return {"servers": ["tls://nats.example.com:4222"], "timeout": 1.0, **options}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"servers": []}, "servers is empty"),
        ({"servers": ["http://x"]}, "is not an address"),
        ({"servers": ["tls://joe:s3cret@x:4222"]}, "an address holds no user"),
        ({"servers": ["nats://x:4222"], "user": "joe", "password": "s3cret"}, "would send the password in the clear"),
        ({"timeout": 0}, "timeout must be more than 0"),
        ({"nkey_seed_file": "/nowhere/user.nk"}, "nkey_seed_file: there is no file /nowhere/user.nk"),
    ],
)
def test_it_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NatsError) as refused:
        checked(_params(**options))
    assert sentence in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_sound_one_is_taken() -> None:
    checked(_params(user="joe", password="s3cret"))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nats-server's syntax, as people write it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config_syntax import parse_config
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

_WRITTEN = """
# A comment, and another // one
listen: 0.0.0.0:4222
http=127.0.0.1:8222
max_payload: 1MB ; debug yes
tls {
  cert_file: "/etc/nats/cert.pem"  // of the server
  verify: true
}
authorization: {
  users = [
    {user: joe, password: $2a$11$abc, permissions: {publish: ["a.>", b], subscribe = ">"}}
    {user: ann, pass: 's3cret'}
  ]
}
no_auth_user: joe
include ./other.conf
cluster { routes: [ nats-route://one:6222
  nats-route://two:6222 ] }
"""


def test_what_people_write_is_read() -> None:
    config = parse_config(_WRITTEN)
    assert config["listen"] == "0.0.0.0:4222"
    assert config["http"] == "127.0.0.1:8222"
    assert (config["max_payload"], config["debug"], config["no_auth_user"]) == (2**20, True, "joe")
    assert config["tls"] == {"cert_file": "/etc/nats/cert.pem", "verify": True}
    joe, ann = config["authorization"]["users"]
    assert joe["password"] == "$2a$11$abc"
    assert joe["permissions"] == {"publish": ["a.>", "b"], "subscribe": ">"}
    assert ann == {"user": "ann", "pass": "s3cret"}
    assert len(config["cluster"]["routes"]) == 2
    assert "include" not in config


@pytest.mark.parametrize("text", ["a: {", "a: [1", "} b: 1", "a: }", "a: [=]", '"a', "{" * 200, "a: [" + "[" * 200])
def test_what_is_no_configuration_is_one_sentence(text: str) -> None:
    with pytest.raises(NatsError) as refused:
        parse_config(text)
    assert "\n" not in str(refused.value)


_NAMES = st.text("abcdefgh_", min_size=1, max_size=8).filter(lambda name: name != "include")
_WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=10)
_VALUES = st.recursive(
    _WORDS | st.booleans() | st.integers(0, 10**6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_json_is_a_part_of_it(config: dict[str, Any]) -> None:
    assert parse_config(json.dumps(config)) == config


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(NatsError):
        assert isinstance(parse_config(text), dict)

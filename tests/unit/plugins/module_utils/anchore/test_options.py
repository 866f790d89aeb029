# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that the Anchore modules share."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.doc_fragments.anchore import ModuleDocFragment
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.options import (
    anchore_argument_spec,
    client_of,
)

_GIVEN = {
    "url": "https://anchore.example.com/v1",
    "username": "admin",
    "password": "s3cret-word",
    "account": "",
    "ca_path": None,
    "validate_certs": True,
    "timeout": 30.0,
    "retries": 3,
}


def test_the_fragment_describes_the_options_there_are() -> None:
    told = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    spec = anchore_argument_spec()
    form = ("type", "default", "required")
    assert {name: {key: row.get(key) for key in form} for name, row in told.items()} == {
        name: {key: row.get(key) for key in form} for name, row in spec.items()
    }


def test_the_password_is_kept_out_of_logs_and_certificates_are_verified() -> None:
    spec = anchore_argument_spec()
    assert spec["password"]["no_log"] is True
    assert spec["validate_certs"]["default"] is True
    with client_of(_GIVEN) as client:
        assert client.requests == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"timeout": 0.0}, "timeout: must be more than 0"),
        ({"retries": -1}, "retries: must not be negative"),
        ({"url": "anchore.example.com"}, "url: write https"),
        ({"url": "https://u:p@anchore.example.com"}, "url: user and password do not belong"),
        ({"ca_path": "/nowhere.pem"}, "ca_path: /nowhere.pem cannot be read"),
    ],
)
def test_options_that_cannot_be_used(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(AnchoreError, match=said) as caught:
        client_of({**_GIVEN, **wrong})
    assert caught.value.kind == "usage"

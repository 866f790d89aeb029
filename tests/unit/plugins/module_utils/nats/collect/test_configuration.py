# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a configuration file and its users, without their secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.configuration import (
    configuration_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

_TEXT = """
no_auth_user: ann
authorization { users: [ {user: old, password: s3cret} ] }
accounts {
  A { users: [
    {user: ann, password: "$2a$11$abcdef", permissions: {publish: "a.>", subscribe: {deny: "b"}}}
    {nkey: UABC, permissions: {publish: {deny: ">"}, subscribe: ["_INBOX.>", ">"]}}
  ] }
}
"""


def test_users_and_what_they_may(tmp_path: Path) -> None:
    path = tmp_path / "nats.conf"
    path.write_text(_TEXT)
    path.chmod(0o640)
    file, users = configuration_subjects(str(path))
    assert (file["mode"], file["no_auth_user"], file["tls_verify"], file["users"]) == ("0640", "ann", False, 3)
    old, ann, key = users
    assert (old["password_hashed"], old["publish_everything"], old["subscribe_everything"]) == (False, True, True)
    assert (ann["password_hashed"], ann["publish_everything"], ann["subscribe_everything"]) == (True, False, True)
    assert (key["has_password"], key["publish_everything"], key["subscribe_everything"]) == (False, False, True)
    assert "s3cret" not in str((file, users))


@pytest.mark.parametrize(("text", "sentence"), [("a: {", "in the middle of"), (None, "No such file")])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, text: str | None, sentence: str) -> None:
    path = tmp_path / "nats.conf"
    if text is not None:
        path.write_text(text)
    with pytest.raises(NatsError, match=sentence):
        configuration_subjects(str(path))

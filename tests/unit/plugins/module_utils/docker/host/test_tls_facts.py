# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a target says of its certificate, without a library and without its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.tls_facts import tls_facts
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    create_authority,
    issue_server,
    load_authority,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = create_authority("Test", 5)
    issued = issue_server(load_authority(made.certificate, made.key), ["a"], 5)
    for name, content, mode in (
        ("ca.pem", made.certificate, 0o444),
        ("server-cert.pem", issued.certificate, 0o444),
        ("server-key.pem", issued.key, 0o400),
    ):
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(mode)
    return tmp_path


def test_a_pair_that_fits(folder: Path) -> None:
    facts = tls_facts(str(folder))
    assert (facts["key"], facts["key_matches"]) == (True, True)
    assert "PRIVATE" not in str(facts)
    assert facts["certificate"].startswith("-----BEGIN CERTIFICATE")


def test_a_key_of_another_certificate(folder: Path) -> None:
    (folder / "server-key.pem").chmod(0o600)
    (folder / "server-key.pem").write_bytes(create_authority("Other", 5).key)
    assert tls_facts(str(folder))["key_matches"] is False


def test_a_key_with_a_passphrase_is_of_no_use_to_a_daemon(folder: Path) -> None:
    (folder / "server-key.pem").chmod(0o600)
    (folder / "server-key.pem").write_bytes(create_authority("Other", 5, "secret").key)
    assert tls_facts(str(folder))["key_matches"] is False


def test_an_empty_folder(tmp_path: Path) -> None:
    facts = tls_facts(str(tmp_path))
    assert (facts["ca"], facts["certificate"], facts["key"], facts["key_matches"]) == (None, None, False, False)
    assert set(facts["modes"].values()) == {None}

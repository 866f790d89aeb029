# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys by each of the two means; what one makes the other reads."""

from __future__ import annotations

import shutil

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import keys
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

OPENSSL = shutil.which("openssl") or "openssl"
MAKERS = [pytest.param(keys.Program(OPENSSL), id="openssl")]
if keys.HAS_CRYPTOGRAPHY:
    MAKERS.append(pytest.param(keys.Library(), id="cryptography"))


@pytest.mark.parametrize("reader", MAKERS)
@pytest.mark.parametrize("maker", MAKERS)
def test_a_key_of_one_is_one_for_the_other(maker: keys.KeyMaker, reader: keys.KeyMaker) -> None:
    private = maker.generate()
    assert private.startswith("-----BEGIN PRIVATE KEY-----")
    assert maker.public_key(private) == reader.public_key(private)
    assert maker.generate() != private
    assert reader.sign(private, b"data")[0] == 0x30


@pytest.mark.parametrize("maker", MAKERS)
def test_what_is_no_key_is_refused_without_being_shown(maker: keys.KeyMaker) -> None:
    with pytest.raises(K8sError) as caught:
        maker.public_key("-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n")
    assert "secret" not in str(caught.value)


def test_without_either_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "HAS_CRYPTOGRAPHY", False)
    assert isinstance(keys.key_maker(), keys.Program)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(K8sError, match="install one of them"):
        keys.key_maker()


def test_a_program_that_is_none_is_one_sentence() -> None:
    with pytest.raises(K8sError, match="cannot be run"):
        keys.Program("/nowhere/openssl").generate()

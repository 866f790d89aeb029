# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys at rest: no step on the way from one to the next leaves anything unreadable."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.encryption import (
    IDENTITY,
    READ,
    RETIRE,
    WRITE,
    Wanted,
    check,
    keys_of,
    planned,
    redacted,
    secrets_of,
    writer_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.file_checks import FileProblem

KEY = base64.b64encode(b"k" * 32).decode()
PROVIDERS = st.sampled_from(["secretbox", "aescbc", "aesgcm"])


def config(*providers: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": list(providers)}],
    }


def keyed(provider: str, *names: str) -> dict[str, Any]:
    return {provider: {"keys": [{"name": name, "secret": KEY} for name in names]}}


def readers(data: dict[str, Any]) -> set[tuple[str, str]]:
    providers = data["resources"][0]["providers"]
    plain = {(IDENTITY, "")} if {IDENTITY: {}} in providers else set()
    return {(kind, name) for kind, name, _secret in keys_of(providers)} | plain


def test_the_first_key_reads_before_it_writes() -> None:
    read = planned({}, Wanted("secretbox", "a", phase=READ), "f")
    assert read.made
    assert writer_of(read.data) == (IDENTITY, "")
    write = planned(read.data, Wanted("secretbox", "a", phase=WRITE), "f")
    assert not write.made
    assert writer_of(write.data) == ("secretbox", "a")
    assert readers(write.data) == readers(read.data) == {("secretbox", "a"), (IDENTITY, "")}


@given(st.lists(st.tuples(PROVIDERS, st.sampled_from("abcd")), min_size=1, max_size=5, unique_by=lambda each: each[1]))
def test_whatever_wrote_last_is_always_read(changes: list[tuple[str, str]]) -> None:
    data: dict[str, Any] = {}
    for provider, name in changes:
        before = writer_of(data)
        for phase in (READ, WRITE, RETIRE):
            data = planned(data, Wanted(provider, name, phase=phase), "f").data
            check(data, "f")
            again = planned(data, Wanted(provider, name, phase=phase), "f")
            assert (again.data, again.made) == (data, False), "a second run changes nothing"
            if phase != RETIRE:
                assert {before, (provider, name)} <= readers(data)
        assert readers(data) == {(provider, name), (IDENTITY, "")}


def test_keys_of_one_provider_that_follow_each_other_are_one_entry() -> None:
    data = planned(config(keyed("aescbc", "old"), {IDENTITY: {}}), Wanted("aescbc", "new"), "f").data
    assert data["resources"][0]["providers"][0] == {
        "aescbc": {"keys": [{"name": "new", "secret": secrets_of(data)["new"]}, {"name": "old", "secret": KEY}]}
    }


def test_what_is_not_ours_stays() -> None:
    kms = {"kms": {"name": "vault", "endpoint": "unix:///x", "apiVersion": "v2"}}
    current = config(kms, {IDENTITY: {}})
    current["resources"].append({"resources": ["configmaps"], "providers": [keyed("aescbc", "cm")]})
    data = planned(current, Wanted("secretbox", "a"), "f").data
    assert data["resources"][0]["providers"][1:] == [kms, {IDENTITY: {}}]
    assert data["resources"][1] == current["resources"][1]


def test_where_nothing_plain_is_read_it_stays_so() -> None:
    data = planned(config(keyed("aescbc", "a")), Wanted("aescbc", "b"), "f").data
    assert {IDENTITY: {}} not in data["resources"][0]["providers"]


@pytest.mark.parametrize(
    ("current", "wanted", "said"),
    [
        (
            config(keyed("aescbc", "a")),
            Wanted("aescbc", "a", secrets={"a": KEY.replace("a", "b", 1)}),
            "another key under the name a",
        ),
        ({}, Wanted("aescbc", "a", secrets={"a": "!"}), "not base64"),
        (
            {},
            Wanted("secretbox", "a", secrets={"a": base64.b64encode(b"short").decode()}),
            "must have 32 bytes, and has 5",
        ),
        ({}, Wanted("secretbox", "a", phase=RETIRE), "no key a yet"),
        (config(keyed("aescbc", "a")), Wanted("aescbc", "a", resources=("secrets", "configmaps")), "same resources"),
        ({"kind": "Other"}, Wanted("aescbc", "a"), "must be an EncryptionConfiguration"),
        (
            {**config(), "resources": [{"resources": ["secrets"]}]},
            Wanted("aescbc", "a"),
            "needs resources and providers",
        ),
    ],
)
def test_what_would_lose_something_is_refused(current: dict[str, Any], wanted: Wanted, said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        planned(current, wanted, "f")


def test_no_key_is_shown() -> None:
    plan = planned(config(keyed("aescbc", "old"), {IDENTITY: {}}), Wanted("secretbox", "new"), "f")
    text = str(redacted(plan.data, {"old": KEY}))
    assert not [secret for secret in secrets_of(plan.data).values() if secret in text]
    assert "(a new key)" in text
    assert "sha256:" in text

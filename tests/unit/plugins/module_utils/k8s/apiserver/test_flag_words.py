# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flags among words."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_words import (
    flag_values,
    given_flags,
    word_edits,
)


def test_every_way_to_give_a_flag_is_read() -> None:
    words = [
        "kube-apiserver",
        "--a=1",
        "--audit-log-path",
        "/x",
        "--profiling",
        "--anonymous_auth=false",
        "-v=2",
        "--a=2",
    ]
    assert flag_values(given_flags(words)) == {
        "a": ["1", "2"],
        "audit-log-path": ["/x"],
        "profiling": ["true"],
        "anonymous-auth": ["false"],
        "v": ["2"],
    }


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        ({"profiling": ["false"]}, ["p", "--profiling=false", "--audit-log-path", "/x", "--tls-cert-file=1"]),
        ({"audit-log-path": None}, ["p", "--profiling", "--tls-cert-file=1"]),
        ({"audit-log-path": ["/y"]}, ["p", "--profiling", "--audit-log-path=/y", "--tls-cert-file=1"]),
        ({"v": ["2"]}, ["p", "--profiling", "--audit-log-path", "/x", "--tls-cert-file=1", "--v=2"]),
        ({"absent": None}, ["p", "--profiling", "--audit-log-path", "/x", "--tls-cert-file=1"]),
    ],
)
def test_only_the_words_of_a_flag_change(wanted: dict[str, list[str] | None], after: list[str]) -> None:
    words = ["p", "--profiling", "--audit-log-path", "/x", "--tls-cert-file=1"]
    assert word_edits(words, wanted).on(words) == after


def test_a_repeated_flag_is_given_as_often_as_wanted() -> None:
    words = ["p", "--service-account-issuer=a", "--x=1", "--service-account-issuer=b"]
    assert word_edits(words, {"service-account-issuer": ["c"]}).on(words) == [
        "p",
        "--service-account-issuer=c",
        "--x=1",
    ]
    assert word_edits(words, {"service-account-issuer": ["a", "b", "c"]}).on(words)[-1] == "--service-account-issuer=c"


def test_k3s_lists_flags_without_dashes() -> None:
    words = ["profiling=true", "audit-log-maxage=1"]
    assert word_edits(words, {"profiling": ["false"]}, prefix="").on(words) == ["profiling=false", "audit-log-maxage=1"]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of flags, and in which releases they exist."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import (
    IDENTITY,
    INSTEAD,
    READ_PATHS,
    REMOVED,
    SINCE,
    TYPES,
    WRITTEN_PATHS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import (
    FlagProblem,
    as_list,
    as_map,
    check_exists,
    flag_name,
    rendered,
    same,
)


@pytest.mark.parametrize("table", [SINCE, REMOVED, INSTEAD, READ_PATHS, WRITTEN_PATHS, IDENTITY])
def test_tables_speak_of_flags_that_exist(table: Any) -> None:
    assert set(table) <= set(TYPES)


@pytest.mark.parametrize(
    ("name", "release", "said"),
    [
        ("insecure-port", (1, 24), "removed in 1.24"),
        ("insecure-port", (1, 23), None),
        ("kubelet-https", (1, 22), "removed in 1.22"),
        ("encryption-provider-config-automatic-reload", (1, 25), "from 1.26 on"),
        ("encryption-provider-config-automatic-reload", (1, 26), None),
        ("authentication-config", (1, 28), "from 1.29 on"),
        ("experimental-encryption-provider-config", (1, 28), "set encryption-provider-config"),
        ("audit-log-max-age", (1, 28), "did you mean audit-log-maxage"),
    ],
)
def test_a_flag_that_the_release_does_not_know_is_refused(
    name: str, release: tuple[int, int], said: str | None
) -> None:
    if said is None:
        check_exists(name, release)
        return
    with pytest.raises(FlagProblem, match=said):
        check_exists(name, release)


@pytest.mark.parametrize(
    ("name", "value", "texts"),
    [
        ("profiling", False, ["false"]),
        ("profiling", "yes", None),
        ("profiling", "T", ["true"]),
        ("audit-log-maxage", "30", ["30"]),
        ("audit-log-maxage", True, None),
        ("audit-log-maxage", 1.5, None),
        ("request-timeout", "1m30s", ["1m30s"]),
        ("request-timeout", 60, None),
        ("goaway-chance", 0.01, ["0.01"]),
        ("tls-cipher-suites", ["a", "b"], ["a,b"]),
        ("tls-cipher-suites", {"a": 1}, None),
        ("tls-min-version", "TLS12", None),
        ("tls-min-version", "VersionTLS12", ["VersionTLS12"]),
        ("authorization-mode", ["Node", "RBAC", "Other"], None),
        ("feature-gates", {"A": True, "B": False}, ["A=true,B=false"]),
        ("feature-gates", ["A=true"], None),
        ("service-account-issuer", ["x", "y"], ["x", "y"]),
        ("audit-log-path", ["x"], None),
        ("audit-log-path", "a\nb", None),
    ],
)
def test_values_have_the_type_of_the_flag(name: str, value: Any, texts: list[str] | None) -> None:
    if texts is not None:
        assert rendered(name, value) == texts
        return
    with pytest.raises(FlagProblem, match=f"flags: .*{name}"):
        rendered(name, value)


def test_names_and_values_mean_the_same_in_other_words() -> None:
    assert flag_name("--audit_log_path") == "audit-log-path"
    assert same("profiling", ["F"], ["false"])
    assert not same("audit-log-path", ["F"], ["false"])
    assert as_list(["a, b", "c"]) == ["a", "b", "c"]
    assert as_map(["a=1,b=2=3"]) == {"a": "1", "b": "2=3"}

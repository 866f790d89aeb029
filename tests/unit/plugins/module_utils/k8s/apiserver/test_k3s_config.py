# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What k3s reads, and careful changes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import FlagProblem
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.k3s_config import (
    K3sConfig,
    file_with_flags,
    without_secrets,
)


def config(folder: Path, text: str | None) -> K3sConfig:
    path = folder / "config.yaml"
    if text is not None:
        path.write_text(text)
    return K3sConfig(str(path), str(path))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (None, "kube-apiserver-arg:\n- audit-log-maxage=7\n"),
        ("# nothing yet", "# nothing yet\nkube-apiserver-arg:\n- audit-log-maxage=7\n"),
        ("a: b # c\n", "a: b # c\nkube-apiserver-arg:\n- audit-log-maxage=7\n"),
        (
            "kube-apiserver-arg:\n  # days\n  - audit-log-maxage=1 # few\n  - v=2\nb: 1\n",
            "kube-apiserver-arg:\n  # days\n  - audit-log-maxage=7 # few\n  - v=2\nb: 1\n",
        ),
        ('kube-apiserver-arg: ["v=2"]\n', 'kube-apiserver-arg: ["v=2", "audit-log-maxage=7"]\n'),
        ("kube-apiserver-arg: v=2\nb: 1\n", "kube-apiserver-arg:\n- v=2\n- audit-log-maxage=7\nb: 1\n"),
    ],
)
def test_the_list_changes_and_the_rest_stays(tmp_path: Path, text: str | None, after: str) -> None:
    assert config(tmp_path, text).changed({"audit-log-maxage": ["7"]}) == (after, True)


def test_the_key_goes_with_its_last_flag(tmp_path: Path) -> None:
    assert config(tmp_path, "a: 1\nkube-apiserver-arg:\n- v=2\n").changed({"v": None}) == ("a: 1\n", True)


def test_what_k3s_sets_by_itself_counts_but_is_not_given(tmp_path: Path) -> None:
    found = config(tmp_path, "kube-apiserver-arg: [profiling=true]\n")
    assert found.flags["profiling"] == ["true"]
    assert found.flags["enable-admission-plugins"] == ["NodeRestriction"]
    assert found.given == {"profiling": ["true"]}


def test_the_last_file_with_the_list_is_the_one(tmp_path: Path) -> None:
    main = config(tmp_path, "kube-apiserver-arg: [v=1]\n").path
    assert file_with_flags(main) == main
    folder = tmp_path / "config.yaml.d"
    folder.mkdir()
    (folder / "10-flags.yaml").write_text("kube-apiserver-arg: [v=2]\n")
    (folder / "20-other.yaml").write_text("secrets-encryption: true\nkube-apiserver-arg+: [profiling=true]\n")
    assert file_with_flags(main) == str(folder / "10-flags.yaml")
    found = K3sConfig(str(folder / "10-flags.yaml"), main)
    assert found.encrypts_by_itself
    with pytest.raises(FlagProblem, match=r"20-other\.yaml adds profiling"):
        found.check_others({"profiling": ["false"]})
    found.check_others({"v": ["3"]})


def test_tokens_are_not_shown() -> None:
    secrets = "token: K10abc::server:hush\n'agent-token': hush # ours\ndatastore-endpoint: postgres://a:hush@b/c\n"
    text = f"{secrets}node-name: a\n"
    shown = without_secrets(text)
    assert "hush" not in shown
    assert shown.endswith("node-name: a\n")
    assert shown.count("sha256:") == 3

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the build of Kubernetes can be told without building it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tooling import kubernetes_build, packages
from tests.tooling.kubernetes_build import BuildError


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache; where the programs would be."""
    folder = tmp_path / "kubernetes" / "recipe"
    monkeypatch.setattr(kubernetes_build, "FOLDER", folder)
    monkeypatch.delenv(kubernetes_build.ASSETS, raising=False)
    return folder


def test_what_is_in_the_cache_is_not_built_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    monkeypatch.setattr(packages, "ensure", lambda groups: pytest.fail("nothing is to be installed"))
    assert kubernetes_build.ensure() == cache


def test_a_second_builder_finds_the_work_done(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    def build() -> None:
        built.append(cache)
        cache.mkdir()

    monkeypatch.setattr(kubernetes_build, "_build", build)
    assert (kubernetes_build.ensure(), kubernetes_build.ensure()) == (cache, cache)
    assert built == [cache]


def test_a_machine_without_a_compiler_is_told_what_would_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "ensure", lambda groups: list(packages.GROUPS["kubernetes-build"]))
    with pytest.raises(BuildError, match=kubernetes_build.ASSETS):
        kubernetes_build.ensure()
    assert not cache.exists()


def test_an_abandoned_build_is_removed_by_the_next(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    abandoned = cache.parent / "build-abandoned"
    (abandoned / "gopath").mkdir(parents=True)
    monkeypatch.setattr(packages, "ensure", lambda groups: list(packages.GROUPS["kubernetes-build"]))
    with pytest.raises(BuildError):
        kubernetes_build.ensure()
    assert not abandoned.exists()


def test_programs_of_the_user_are_taken_as_they_are(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(kubernetes_build.ASSETS, "/opt/envtest")
    assert kubernetes_build.prepare()
    assert "/opt/envtest" in capsys.readouterr().out
    assert not cache.exists()


def test_packages_with_the_marker_are_described(tmp_path: Path) -> None:
    """Links are followed, generated files and the tree's own tools are left out."""
    marked = "package a\n\n// +k8s:openapi-gen=true\ntype A struct{}\n"
    staging = tmp_path / "staging" / "api"
    for folder in (tmp_path / "pkg" / "marked", tmp_path / "pkg" / "plain", staging):
        folder.mkdir(parents=True)
    (tmp_path / "pkg" / "marked" / "types.go").write_text(marked)
    (tmp_path / "pkg" / "plain" / "zz_generated.go").write_text(marked)
    (tmp_path / "pkg" / "plain" / "doc.go").write_text("// mentions +k8s:openapi-gen= in passing\n")
    (staging / "types.go").write_text(marked)
    vendor = tmp_path / "vendor" / "k8s.io"
    (vendor / "code-generator").mkdir(parents=True)
    (vendor / "code-generator" / "types.go").write_text(marked)
    (vendor / "api").symlink_to(staging)
    assert kubernetes_build._openapi_packages(tmp_path) == ["pkg/marked", "vendor/k8s.io/api"]

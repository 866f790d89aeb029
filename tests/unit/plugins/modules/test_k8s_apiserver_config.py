# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's options, documentation and refusals. What it does to an API server is in tests/e2e."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.modules import k8s_apiserver_config, k8s_reencrypt
from tests.lab.ansible import run_module
from tests.unit.apiserver_home import MANIFEST

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


def options_of(spec: dict[str, Any], documented: dict[str, Any]) -> None:
    assert set(documented) <= set(spec)
    for name, option in documented.items():
        assert spec[name].get("default") == option.get("default"), name
        assert spec[name].get("type") == option["type"], name
        options_of(spec[name].get("options", {}), option.get("suboptions", {}))


@pytest.mark.parametrize(
    "module", [k8s_apiserver_config, k8s_reencrypt], ids=lambda each: each.__name__.rpartition(".")[2]
)
def test_every_option_is_documented_with_its_default(module: Any) -> None:
    options_of(module.argument_spec(), yaml.safe_load(module.DOCUMENTATION)["options"])


def run(folder: Path, **options: Any) -> dict[str, Any]:
    manifest = folder / "kube-apiserver.yaml"
    manifest.write_text(MANIFEST)
    arguments = {"path": str(manifest), "state_dir": str(folder / "state"), "config_dir": str(folder / "bulkhead")}
    return run_module("k8s_apiserver_config", {**arguments, **options}, check=True, diff=True)


def test_check_mode_tells_everything_and_changes_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, flags={"audit-log-path": "/var/log/k8s/audit.log"}, encryption={"secrets": {"key1": KEY}})
    assert result["changed"]
    assert result["plan"]["restart"]
    assert result["kubernetes_version"] == "1.28"
    assert KEY not in str(result)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kube-apiserver.yaml"]


def test_a_domain_error_is_one_sentence(tmp_path: Path) -> None:
    result = run(tmp_path, flags={"kubelet-https": True})
    assert (result["failed"], result["msg"]) == (
        True,
        "flags: kubelet-https was removed in 1.22, and this server is 1.28",
    )

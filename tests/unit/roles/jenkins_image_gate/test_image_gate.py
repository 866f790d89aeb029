# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image gate as one file: the same from the same sources, without Ansible, and what it says of wrong words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.lab import grype_stand_in

_BUILD = Path(__file__).parents[4] / "roles" / "jenkins_image_gate" / "files" / "build_image_gate.py"
POLICY = Path(__file__).parents[4] / "roles" / "anchore" / "files" / "policies" / "baseline.json"
# In the place of Syft: it writes a bill of materials with one package.
_SYFT = """#!/bin/sh
for word; do case $word in syft-json=*) file=${word#syft-json=};; esac; done
cat > "$file" <<'END'
{"artifacts": [{"id": "1", "name": "openssl", "version": "3.0", "type": "deb", "locations": [], "purl": ""}],
 "source": {"type": "image", "metadata": {"config": "e30="}}}
END
"""


def build(folder: Path) -> Path:
    gate = folder / "bulkhead-image-gate"
    subprocess.run([sys.executable, str(_BUILD), "--output", str(gate)], check=True)
    return gate


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("gate"))


def run(gate: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Without the surroundings in which Ansible or the collection could be found."""
    command = [sys.executable, "-I", str(gate), *words]
    return subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)


def test_the_same_sources_give_the_same_file(gate: Path, tmp_path: Path) -> None:
    assert gate.read_bytes() == build(tmp_path).read_bytes()
    assert gate.stat().st_mode & 0o111


def test_it_holds_nothing_of_ansible(gate: Path) -> None:
    with zipfile.ZipFile(gate) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".py")}
    wanted = re.compile(r"^(?:from|import) (?:ansible|yaml|kubernetes|docker)\b", re.MULTILINE)
    # Glue of the modules comes along, and is not imported.
    users = {name for name, text in texts.items() if wanted.search(text)}
    assert all("bulkhead_image_gate" not in name for name in users)
    script = "import sys, runpy; sys.argv = ['gate', '--help']; "
    script += f"sys.path.insert(0, {str(gate)!r}); import bulkhead_image_gate.main; "
    script += "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('ansible', 'yaml', 'jmespath')))"
    done = subprocess.run([sys.executable, "-S", "-c", script], env={}, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("web:1",), "--policy is needed"),
        (("web:1", "--policy", "/nowhere.json"), "cannot be read"),
        (("web:1", "--policy", str(POLICY), "--formats", "pdf"), "there is no pdf"),
        (("a:1", "b:1", "--policy", str(POLICY), "--name", "c:1"), "call the gate once for each"),
        (("web:1", "--engine", "anchore"), "needs --anchore-url"),
        (("web:1", "--engine", "anchore", "--anchore-url", "https://a", "--anchore-username", "u"), "needs a password"),
        (("web:1", "--policy", str(POLICY), "--syft", "/nowhere/syft"), "/nowhere/syft is not installed"),
    ],
)
def test_what_cannot_be_judged_is_exit_code_2_and_one_sentence(gate: Path, words: tuple[str, ...], said: str) -> None:
    done = run(gate, *words)
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("fixed", "code"), [(["3.1"], 1), ([], 0)])
def test_a_verdict_is_an_exit_code_and_reports(gate: Path, tmp_path: Path, fixed: list[str], code: int) -> None:
    syft = tmp_path / "syft"
    syft.write_text(_SYFT)
    syft.chmod(0o755)
    known = {"openssl": [{"id": "CVE-2024-1", "severity": "Critical", "fixed_in": fixed}]}
    program, database = grype_stand_in.install(tmp_path, known if fixed else {})
    reports = tmp_path / "reports"
    words = ["--policy", str(POLICY), "--syft", str(syft), "--grype", str(program), "--database", str(database)]
    done = run(gate, "registry.example.com/shop/web:1.4", *words, "--output-dir", str(reports))
    assert done.returncode == code, done.stdout + done.stderr
    assert ("REFUSED" in done.stdout) == bool(code)
    assert {path.name for path in reports.iterdir()} == {
        "image-gate.json",
        "image-gate.sarif",
        "image-gate.junit.xml",
        "image-gate.html",
        "image-gate-evaluations.json",
    }
    told = json.loads((reports / "image-gate-evaluations.json").read_text())["images"][0]
    assert told["action"] == ("stop" if code else told["action"])
    assert json.loads((reports / "image-gate.json").read_text())["generator"]["version"] != "0"

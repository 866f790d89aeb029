# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation: lint it, show every plugin's page, and build one site from the guides and the generated pages."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.tooling import places
from tests.tooling.environments import DOCS
from tests.tooling.outcome import Log, Outcome

_COLLECTION = f"{places.NAMESPACE}.{places.NAME}"
SITE = places.REPOSITORY / "docs" / "_build" / "html"
# The folder of plugins, and what ansible-doc and Ansible call the kind.
_KINDS = {"modules": "module", "filter": "filter", "lookup": "lookup", "inventory": "inventory", "test": "test"}


def _plugins() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for folder, kind in _KINDS.items():
        names = {file.stem for file in (places.REPOSITORY / "plugins" / folder).glob("*.py")}
        if names:
            found[kind] = [f"{_COLLECTION}.{name}" for name in sorted(names)]
    roles = sorted(file.parents[1].name for file in (places.REPOSITORY / "roles").glob("*/meta/argument_specs.yml"))
    if roles:
        found["role"] = [f"{_COLLECTION}.{name}" for name in roles]
    return found


def _shown(log: Log, variables: dict[str, str]) -> Outcome:
    """One test a plugin: ansible-doc can show it."""
    outcome = Outcome()
    for kind, names in _plugins().items():
        for name in names:
            outcome += log.check([DOCS.program("ansible-doc"), "--type", kind, name], variables)
    return outcome


def _site(log: Log, variables: dict[str, str], folder: Path) -> Outcome:
    source = folder / "source"
    shutil.copytree(places.REPOSITORY / "docs", source, ignore=shutil.ignore_patterns("_build"))
    reference = source / "reference"
    reference.mkdir(mode=0o755)
    reference.chmod(0o755)  # antsibull-docs refuses a folder that others may write to
    generate = [DOCS.program("antsibull-docs"), "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"]
    outcome = log.check([*generate, "--dest-dir", str(reference), _COLLECTION], variables)
    command = [DOCS.program("python"), "-m", "sphinx", "--fail-on-warning", "--keep-going", "--fresh-env"]
    return outcome + log.check([*command, "-b", "html", str(source), str(SITE)], variables)


def build(log: Log) -> Outcome:
    """Lint, show and build; a warning is an error. The site lies in docs/_build/html."""
    folder = places.BUILD / "docs"
    copy = places.copy_collection(folder)
    variables = {
        "ANSIBLE_COLLECTIONS_PATH": str(folder),
        "PATH": os.pathsep.join([str(DOCS.path / "bin"), os.environ.get("PATH", os.defpath)]),
    }
    lint = [DOCS.program("antsibull-docs"), "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", str(copy)]
    outcome = log.check(lint, variables) + _shown(log, variables) + _site(log, variables, folder)
    return outcome + Outcome(remarks=(f"site: {SITE}/index.html",))

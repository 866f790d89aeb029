# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text files of a folder on the controller, as one dictionary."""

from __future__ import annotations

DOCUMENTATION = r"""
name: source_tree
short_description: The files of a folder of source text, by their paths
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Reads the files with the given endings below a folder of the controller. The role C(response_engine) brings the
    response runner to a cluster with it, as the data of a ConfigMap or as the archive of a function.
  - Folders named C(__pycache__) and what begins with a dot are left out. A folder that holds no such file is an error.
options:
  _terms:
    description: Folders, by their paths on the controller.
    type: list
    elements: path
    required: true
  endings:
    description: The endings of the files to read.
    type: list
    elements: str
    default: [.py, .json]
"""

EXAMPLES = r"""
- name: Show what belongs to a package
  ansible.builtin.debug:
    msg: "{{ lookup('bulkhead.container_security.source_tree', '/srv/functions/respond') | list }}"
"""

RETURN = r"""
_list:
  description:
    - A dictionary for each folder, from the path of each file, which begins with the name of the folder, to its text.
    - They are in the order of their paths, so that the same files always give the same result.
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase


def source_tree(folder: Path, endings: list[str]) -> dict[str, str]:
    """{path from the folder's parent: text}. AnsibleLookupError for a folder without files, or one that is no text."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix in endings)
    found = {}
    for file in files:
        parts = file.relative_to(folder.parent).parts
        if "__pycache__" in parts or any(part.startswith(".") for part in parts):
            continue
        try:
            found["/".join(parts)] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise AnsibleLookupError(f"source_tree: {file} cannot be read as text: {exc}") from exc
    if not found:
        raise AnsibleLookupError(f"source_tree: there is no file that ends in {', '.join(endings)} below {folder}")
    return found


class LookupModule(LookupBase):
    """What Ansible looks for."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[dict[str, str]]:
        """The dictionary of each folder."""
        self.set_options(var_options=variables, direct=kwargs)  # type: ignore[no-untyped-call]
        endings = [str(ending) for ending in self.get_option("endings")]  # type: ignore[no-untyped-call]
        return [source_tree(Path(str(term)).resolve(), endings) for term in terms]

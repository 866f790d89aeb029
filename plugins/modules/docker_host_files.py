#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_host_files
short_description: Content, owners and modes of the files around Docker, as one unit that can be undone
version_added: 0.1.0
description:
  - Brings a list of files of a Docker host to what is declared, in one call. When one cannot be changed, none is.
  - What was there before is kept in a record on the target, so that O(state=absent) restores it byte for byte.
author: Bulkhead contributors (@bulkhead-security)
options:
  files:
    description:
      - What shall be where. Where several entries name one path, what a later one says has the last word.
      - With O(state=absent), only the paths matter, and an empty list means everything in the record.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The absolute path.
        type: path
        required: true
      content:
        description: The whole content of the file. Folders on the way to it are made.
        type: str
      secret:
        description: The whole content, of which nothing is shown or logged.
        type: str
      line:
        description: One line that the file must have, the rest of the file being somebody else's.
        type: str
      match:
        description: A regular expression for the lines whose place O(files[].line) takes. By default the line itself.
        type: str
      directory:
        description: Whether the path is a folder, to be made where it is missing.
        type: bool
      mode:
        description: The exact mode, as octal digits in quotes.
        type: str
      mode_at_most:
        description: Permission bits that the path may have; bits beyond are taken away, and none is given.
        type: str
      owner:
        description: The owner, by name or number.
        type: str
      group:
        description: The group, by name or number.
        type: str
  record:
    description: The file on the target that keeps what was there before.
    type: path
    default: /var/lib/bulkhead/docker_host_files.json
  state:
    description:
      - V(present) brings the files to what is declared. A path for which neither content nor a folder is declared is
        passed over where it does not exist.
      - V(absent) restores what the record holds. A file that somebody has changed since is left alone, with a warning.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Predicts the same changes.
    support: full
  diff_mode:
    description: Shows content, owner and mode before and after; of a secret, its fingerprint.
    support: full
  idempotent:
    description: A file that is as declared is not written.
    support: full
"""

EXAMPLES = r"""
- name: Watch the engine's configuration, and let nobody else write it
  bulkhead.container_security.docker_host_files:
    files:
      - path: /etc/audit/rules.d/docker.rules
        content: |
          -w /etc/docker -p wa -k docker
        mode: "0640"
      - path: /etc/docker
        owner: root
        group: root
        mode_at_most: "0755"

- name: Put back what was there
  bulkhead.container_security.docker_host_files:
    state: absent
"""

RETURN = r"""
paths:
  description: The paths that were changed.
  returned: success
  type: list
  elements: str
  sample: [/etc/audit/rules.d/docker.rules]
kept:
  description: With O(state=absent), the paths that were left alone because somebody has changed them since.
  returned: success
  type: list
  elements: str
  sample: []
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_diff import file_diff
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_plan import (
    make_all,
    plan_files,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_state import FileChange
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_undo import (
    forget,
    plan_undo,
    remember,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.undo_record import (
    read_record,
    write_record,
)


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    texts = ("content", "line", "match", "mode", "mode_at_most", "owner", "group")
    entry: dict[str, dict[str, Any]] = {name: {"type": "str"} for name in texts}
    entry["path"] = {"type": "path", "required": True}
    entry["secret"] = {"type": "str", "no_log": True}
    entry["directory"] = {"type": "bool"}
    return {
        "files": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": entry,
            "mutually_exclusive": [("content", "secret", "line", "directory"), ("mode", "mode_at_most")],
        },
        "record": {"type": "path", "default": "/var/lib/bulkhead/docker_host_files.json"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        module.exit_json(**run(module))
    except DockerError as exc:
        module.fail_json(msg=str(exc))


def run(module: AnsibleModule) -> dict[str, Any]:
    """Plan, and outside check mode make the changes; returns the module's result."""
    declared, path = module.params["files"], module.params["record"]
    record = read_record(path)
    if module.params["state"] == "absent":
        return _undo(module, record)
    changes = plan_files(declared)
    if changes and not module.check_mode:
        # The record comes first: a power cut between the two leaves a note of what was there, not a file without one.
        write_record(path, remember(record, changes, declared))
        make_all(changes)
    return _result(changes, [])


def _undo(module: AnsibleModule, record: dict[str, Any]) -> dict[str, Any]:
    paths = [os.path.normpath(entry["path"]) for entry in module.params["files"]] or None
    changes, kept = plan_undo(record, paths)
    for name in kept:
        module.warn(f"{name} was changed by somebody else since: left as it is")
    if not module.check_mode:
        make_all(changes)
        write_record(module.params["record"], forget(record, paths))
    return _result(changes, kept)


def _result(changes: list[FileChange], kept: list[str]) -> dict[str, Any]:
    return {
        "changed": bool(changes),
        "paths": [change.path for change in changes],
        "kept": kept,
        "diff": [file_diff(change) for change in changes],
    }


if __name__ == "__main__":
    main()

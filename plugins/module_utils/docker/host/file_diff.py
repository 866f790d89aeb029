# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A step of a file as Ansible shows it with --diff: attributes first, then the content, or a secret's fingerprint."""

from __future__ import annotations

import grp
import pwd

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_state import (
    FileChange,
    FileState,
    digest,
)


def file_diff(change: FileChange) -> dict[str, str]:
    """One entry of a module's `diff` list."""
    return {
        "before_header": change.path,
        "after_header": change.path,
        "before": _text(change.before, change.secret),
        "after": _text(change.after, change.secret),
    }


def _text(state: FileState | None, secret: bool) -> str:
    if state is None:
        return ""
    head = f"# owner {_owner(state.uid)}, group {_group(state.gid)}, mode {state.mode:04o}\n"
    if state.content is None:
        return head
    if secret:
        return head + f"# a secret, sha256 {str(digest(state))[:16]}\n"
    return head + state.content.decode("utf-8", "replace")


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)

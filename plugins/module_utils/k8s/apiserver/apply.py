# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan so that the API server ends up with the new configuration or the old one, and never with none.

Journal, files, atomic replacement, restart, proof that it took effect. Where the proof fails, everything goes back,
the server is waited for again, and the error says what it said. A run that was cut off is completed by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.record import Record
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.restart import (
    NotInEffect,
    Restart,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import (
    StoredFileError,
    fingerprint,
    put,
    read_text,
    remove_file,
    temporary_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


class ApplyFailed(K8sError):
    """The new configuration did not work out; the message says which one the API server runs with."""


def carry_out(params: Mapping[str, Any], situation: Situation, plan: Plan) -> str | None:
    """Do it; the path of the backup. StoredFileError: nothing was changed; ApplyFailed: everything was taken back."""
    record, restart = situation.record, Restart(params, situation)
    old = restart.running()
    files = {change.path: change.before for change in plan.files}
    backup = record.begin(situation.text, plan.text or "", plan.changes, files, " ".join(sorted(old)))
    try:
        _write(situation, plan)
    except StoredFileError:
        _put_files_back(record, situation)
        record.close()
        raise
    if plan.restart:
        try:
            restart.carry_out(plan.text, old)
        except NotInEffect as exc:
            raise _rolled_back(restart, situation, plan, str(exc)) from exc
    for change in plan.files:
        if change.after is None:
            remove_file(change.path)
    record.save(plan.changes)
    record.close()
    record.prune(int(params["backup_count"]))
    return backup


def _write(situation: Situation, plan: Plan) -> None:
    for folder in plan.folders:
        _make_folder(folder, situation.owner)
    for change in plan.files:
        # A file that goes is removed when no server reads it any more.
        if change.after is not None:
            _make_folder(os.path.dirname(change.path), situation.owner)
            put(change.path, change.after, owner=situation.owner)
    if plan.text != situation.text:
        _put_config(situation, plan.text)


def _make_folder(folder: str, owner: tuple[int, int]) -> None:
    """A folder that only the API server enters; one that is there stays as it is."""
    if os.path.isdir(folder):
        return
    try:
        os.makedirs(folder, mode=0o700)
        os.chown(folder, *owner)
    except OSError as exc:
        raise StoredFileError(f"{folder} cannot be made: {exc.strerror}") from exc


def _put_config(situation: Situation, text: str | None) -> None:
    mode, owner = 0o600, (-1, -1)
    if os.path.exists(situation.path):
        status = os.stat(situation.path)
        mode, owner = status.st_mode & 0o777, (status.st_uid, status.st_gid)
    put(situation.path, text, mode, owner)


def _put_files_back(record: Record, situation: Situation) -> None:
    for path, text in record.undo_texts().items():
        now = read_text(path)
        if now is not None and now != text and path == record.journal["changes"].get("encryption"):
            record.keep_failed(path, now)
        put(path, text, owner=situation.owner)


def _rolled_back(restart: Restart, situation: Situation, plan: Plan, problem: str) -> ApplyFailed:
    """Put everything back and wait for the old server; the error to raise."""
    said = restart.said()
    head = f"The API server did not take the new configuration: {problem}" + (f" (it says: {said})" if said else "")
    try:
        _put_files_back(situation.record, situation)
        if plan.text != situation.text:
            _put_config(situation, situation.text)
        restart.go_back(situation.text)
    except K8sError as exc:
        return ApplyFailed(f"{head}. {situation.path} is as it was before, but the API server is not back: {exc}")
    situation.record.close()
    return ApplyFailed(f"{head}. {situation.path} is as it was before; the API server runs with the old configuration")


def recover(params: Mapping[str, Any], situation: Situation) -> bool:
    """Complete what a run that was cut off had begun, or take it back; whether there was anything to do.

    Raises ApplyFailed where the configuration that it had written does not work; the old one is back then.
    """
    record, journal = situation.record, situation.record.journal
    if not journal:
        return False
    remove_file(temporary_of(os.path.realpath(situation.path)))
    now = fingerprint(situation.text or "")
    if now == journal["new"] and now != journal["old"]:
        _complete(params, situation)
    elif now == journal["old"]:
        # The files are written first; no server has read them yet, or will be started anew by this run.
        _put_files_back(record, situation)
    record.close()
    return True


def _complete(params: Mapping[str, Any], situation: Situation) -> None:
    record, journal = situation.record, situation.record.journal
    restart = Restart(params, situation)
    try:
        old = set(journal["process"].split()) if situation.pod else restart.running()
        restart.carry_out(situation.text, old)
    except NotInEffect as exc:
        problem = f"an earlier run was cut off, and {exc}"
        written = Plan(situation.text)
        before = Situation(**{**vars(situation), "text": record.old_text()})
        raise _rolled_back(Restart(params, before), before, written, problem) from exc
    undone = record.undo_texts()
    kept = journal["changes"].get("files", {})
    for path in undone:
        if path not in kept and path in record.changes["files"]:
            put(path, record.text_before(path), owner=situation.owner)
    record.save(journal["changes"])

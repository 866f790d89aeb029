# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files the daemon has not read yet."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.facts import written_since


def test_what_was_written_after_the_start(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for path, when in ((old, 1000), (new, 3000)):
        path.touch()
        os.utime(path, (when, when))
    assert written_since(2000.0, [str(old), str(new), str(tmp_path / "none")]) == [str(new)]

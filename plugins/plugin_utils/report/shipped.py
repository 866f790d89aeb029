# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that come with the collection: in a folder, or in the archive that the image gate is."""

from __future__ import annotations

import zipimport
from pathlib import Path


def shipped_text(path: Path) -> str:
    """The text of a file of ours. Raises OSError where it did not come along."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        loader: object = __spec__.loader
        if not isinstance(loader, zipimport.zipimporter):
            raise
        return loader.get_data(str(path)).decode()

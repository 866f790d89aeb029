# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML, by PyYAML, which a target need not have."""

from __future__ import annotations

from typing import Any

try:
    import yaml
except ImportError:  # the module says so, with the way to install it
    HAS_YAML = False
else:
    HAS_YAML = True


def parsed(text: str) -> Any:
    """What the text says. Raises ValueError with one line where it is no YAML."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise ValueError(" ".join(str(exc).split())) from exc

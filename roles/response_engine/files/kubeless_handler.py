# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Kubeless looks for the handler: its runtime loads one file by name, and the package lies beside it."""

from __future__ import annotations

from bulkhead_response.kubeless_handler import handler

__all__ = ["handler"]

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed and memory on the lab's daemon, beside peers where they can be had. `python -m tests.benchmark --help`."""

from __future__ import annotations

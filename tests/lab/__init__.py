# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded lab: real daemons, private to one run, without a registry and without the internet.

`python -m tests.lab --help` says what it does from a shell; from Python, begin at `tests.lab.dockerd.Dockerd`.
"""

from __future__ import annotations

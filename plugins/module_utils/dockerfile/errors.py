# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a Dockerfile before any control judges it."""

from __future__ import annotations


class DockerfileError(Exception):
    """A Dockerfile, context or option that cannot be used; the message is one sentence that names file and line."""

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for get-pip.py in the environments that ansible-test makes for each sanity test.

ansible-test downloads get-pip.py from a site of its own unless its cache has the file. Python already carries a pip
(ensurepip), so nothing but a package index is needed: the runner puts this file into that cache.
"""

from __future__ import annotations

import subprocess
import sys

# The version that ansible-test asks for is a few releases newer; for pinned requirements Python's own pip will do.
# As a process: ensurepip in ours would switch off pip's configuration, where the package index is named.
if __name__ == "__main__":
    sys.exit(subprocess.run([sys.executable, "-m", "ensurepip"], check=False, stdout=subprocess.DEVNULL).returncode)

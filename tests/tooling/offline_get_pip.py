# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for get-pip.py in the environments that ansible-test makes for each sanity test.

ansible-test downloads get-pip.py from a site of its own unless its cache has the file. Python already carries a pip
(ensurepip), so nothing but a package index is needed: the runner puts this file into that cache.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> int:
    """Install pip from Python itself, then what ansible-test asked for: the arguments of `pip install`."""
    os.environ.pop("GET_PIP", None)
    # As a process: ensurepip in ours would switch off pip's configuration, where the package index is named.
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
    return subprocess.run([sys.executable, "-m", "pip", "install", *wanted], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OCI runtime that works where CAP_SYS_RESOURCE is missing, as in many CI sandboxes and microVMs.

There runc cannot give that capability to a privileged container and cannot lower `oom_score_adj`, so that neither
`--privileged` nor `--cap-add=ALL` starts. The wrapper takes just these two wishes out of the OCI bundle. It is put
before runc on the daemon's PATH under runc's own name: the daemon's options and what the API says stay untouched.
"""

from __future__ import annotations

import shutil
from pathlib import Path

_CAP_SYS_RESOURCE = 24

_WRAPPER = """\
#!/bin/sh
# Written by tests/lab/runtime.py: runc for a machine without CAP_SYS_RESOURCE.
previous=
for argument in "$@"; do
    file=
    case $previous in
        -b | --bundle) file=$argument/config.json ;;
        -p | --process) file=$argument ;;
    esac
    case $argument in
        --bundle=*) file=${argument#*=}/config.json ;;
        --process=*) file=${argument#*=} ;;
    esac
    if [ -f "$file" ]; then
        sed -i -e 's/"CAP_SYS_RESOURCE",//g' -e 's/,"CAP_SYS_RESOURCE"//g' \\
            -e 's/"oomScoreAdj":-[0-9]*/"oomScoreAdj":0/' "$file"
    fi
    previous=$argument
done
exec @RUNC@ "$@"
"""


def lacks_sys_resource(status: Path = Path("/proc/self/status")) -> bool:
    """Whether the bounding set of this process is without CAP_SYS_RESOURCE (the daemon inherits it)."""
    for line in status.read_text().splitlines():
        if line.startswith("CapBnd:"):
            return not int(line.split()[1], 16) >> _CAP_SYS_RESOURCE & 1
    return False


def install_wrapper(bin_dir: Path) -> bool:
    """Write the wrapper into `bin_dir` when this machine needs it; say whether it was written."""
    runc = shutil.which("runc")
    if runc is None or not lacks_sys_resource():
        return False
    bin_dir.mkdir(parents=True, exist_ok=True)
    wrapper = bin_dir / "runc"
    wrapper.write_text(_WRAPPER.replace("@RUNC@", runc))
    wrapper.chmod(0o755)
    return True

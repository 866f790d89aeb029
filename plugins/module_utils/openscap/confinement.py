# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let oscap look at a root that somebody else fills, such as that of a container, and at nothing besides.

oscap puts OSCAP_PROBE_ROOT before each path and then follows links as the host does. A link in a container to a file of
the host would be judged by that file, and its text would be in the report. So oscap gets a root of its own, with the
programs and libraries that it needs, the content, and the other root, which cannot be written to. It sees no processes
and no network. All of it is in namespaces that end with oscap.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence

from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError

TARGET, WORK = "/target", "/work"
# Arguments: the new root, the root to look at, the folder for results, how many folders of content there are, these
# folders, and the command. `-e` ends it where a mount is refused, before anything is evaluated.
_SCRIPT = r"""
new=$1 root=$2 work=$3 count=$4
shift 4
shown() {
    mkdir -p "$new$2"
    mount --bind "$1" "$new$2"
    mount -o "remount,bind,$3" "$new$2"
}
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$new"
for path in /bin /sbin /lib /lib32 /lib64; do
    if [ -L "$path" ]; then cp -P "$path" "$new$path"; elif [ -d "$path" ]; then shown "$path" "$path" ro; fi
done
for path in /usr/bin /usr/sbin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/local/bin /usr/local/lib \
    /usr/share/openscap; do
    if [ -d "$path" ]; then shown "$path" "$path" ro; fi
done
number=0
while [ "$number" -lt "$count" ]; do
    shown "$1" "/content/$number" ro,nosuid,nodev
    number=$((number + 1))
    shift
done
shown "$root" /target ro,nosuid,nodev,noexec
shown "$work" /work rw,nosuid,nodev,noexec
mkdir -m 1777 "$new/tmp"
mkdir "$new/etc" "$new/dev" "$new/proc"
if [ -e /etc/ld.so.cache ]; then cp /etc/ld.so.cache "$new/etc/"; fi
for device in null zero urandom; do
    : >"$new/dev/$device"
    mount --bind "/dev/$device" "$new/dev/$device"
done
mount -t proc -o nosuid,nodev,noexec proc "$new/proc"
cd "$new"
exec chroot "$new" "$@"
"""
_NEEDED = ("unshare", "mount", "chroot", "sh")


class Confinement:
    """Where oscap sees what: `root` at /target, `work` at /work, and folders of content by their numbers."""

    def __init__(self, root: str, work: str, folders: Sequence[str]) -> None:
        self._root, self._work, self._folders = root, work, list(folders)

    def place(self, path: str) -> str:
        """Where oscap sees a file of the content."""
        number = self._folders.index(os.path.dirname(path))
        return f"/content/{number}/{os.path.basename(path)}"

    def command(self, oscap: Sequence[str]) -> list[str]:
        """The command that runs oscap there. Raises OpenscapError where that cannot be."""
        missing = [name for name in _NEEDED if shutil.which(name) is None]
        if missing or os.geteuid():
            why = f"it needs {', '.join(missing)}" if missing else "only root may (become)"
            raise OpenscapError(f"{self._root} cannot be looked at apart from the host: {why}")
        new = os.path.join(self._work, "root")
        os.makedirs(new, exist_ok=True)
        unshare = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--net", "--ipc"]
        script = [
            "sh",
            "-eu",
            "-c",
            _SCRIPT,
            "sh",
            new,
            self._root,
            self._work,
            str(len(self._folders)),
            *self._folders,
        ]
        return [*unshare, "--", *script, *oscap]

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment of oscap there."""
        return {"OSCAP_PROBE_ROOT": TARGET, "TMPDIR": "/tmp", "HOME": "/tmp"}

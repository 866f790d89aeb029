#!/bin/sh
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Is daemon.json one JSON object without a key twice? OVAL reads text, and would find a setting in a file that the daemon
# refuses. The daemon itself is not called, for it would judge the host that it is on and not the root that is looked at.
#
# oscap does not hand OSCAP_PROBE_ROOT to its scripts. Without it, this would judge the host in the place of that root.
root=$(tr '\0' '\n' <"/proc/$PPID/environ" | sed -n 's/^OSCAP_PROBE_ROOT=//p') || exit "$XCCDF_RESULT_UNKNOWN"
file="$root/etc/docker/daemon.json"
[ -e "$file" ] || exit "$XCCDF_RESULT_PASS"
# Reading a pipe would wait for ever.
[ -f "$file" ] || exit "$XCCDF_RESULT_FAIL"
python=$(command -v python3 || command -v /usr/libexec/platform-python) || {
    echo "There is no Python to read it with."
    exit "$XCCDF_RESULT_UNKNOWN"
}
"$python" -I - "$file" <<'PROGRAM'
import json
import sys


def unique(pairs):
    keys = [key for key, _value in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError("it has twice: " + ", ".join(twice))
    return dict(pairs)


try:
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read(1 << 20)
    if text.strip() and not isinstance(json.loads(text, object_pairs_hook=unique), dict):
        raise ValueError("it is no object")
except (OSError, ValueError, RecursionError) as error:
    print("daemon.json: %s" % error)
    sys.exit(1)
PROGRAM
case $? in
0) exit "$XCCDF_RESULT_PASS" ;;
1) exit "$XCCDF_RESULT_FAIL" ;;
*) exit "$XCCDF_RESULT_ERROR" ;;
esac

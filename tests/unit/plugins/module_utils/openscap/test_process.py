# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run of oscap ends."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.process import locate, run


def test_rules_that_failed_are_no_error() -> None:
    assert run(["sh", "-c", "echo said; exit 2"], 10, {}, "what", (0, 2)) == "said\n"
    assert run(["sh", "-c", 'echo "$OSCAP_PROBE_ROOT"'], 10, {"OSCAP_PROBE_ROOT": "/x"}, "what", (0,)) == "/x\n"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo nonsense >&2; exit 1", "what: oscap ended with 1 and not with an evaluation: nonsense"),
        ("printf 'a\\033[31m\\n' >&2; exit 1", r"evaluation: a\[31m$"),
        ("kill -9 $$", "ended with -9 .*it said nothing"),
        ("sleep 30", "not ready after 0.3 s"),
    ],
)
def test_all_else_is_told_in_one_line(script: str, says: str) -> None:
    with pytest.raises(OpenscapError, match=says):
        run(["sh", "-c", script], 0.3, {}, "what", (0, 2))


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(OpenscapError, match="There is no program no-oscap"):
        locate("no-oscap")
    with pytest.raises(OpenscapError, match="cannot be run: No such file"):
        run(["/none/oscap"], 1, {}, "what", (0,))

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a problem is said."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.problem import (
    Problem,
    suggestion,
)


def test_a_problem_is_a_sentence_with_its_place_and_a_row() -> None:
    problem = Problem("policies[0]", "is odd", gate="files", level="warning")
    assert str(problem) == "policies[0]: is odd"
    assert problem.row() == {
        "path": "policies[0]",
        "message": "is odd",
        "gate": "files",
        "trigger": "",
        "parameter": "",
        "level": "warning",
    }


def test_the_closest_name_is_named_and_all_where_none_is_close() -> None:
    assert suggestion("Filez", ["files", "always"]) == "; did you mean 'files'?"
    assert suggestion("xyz", ["files", "always"]) == "; there are always, files"
    assert suggestion("xyz", []) == "; there is none"

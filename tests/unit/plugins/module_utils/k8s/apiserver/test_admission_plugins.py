# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which admission plugins a release has."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.admission_plugins import (
    check_plugins,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import FlagProblem


@pytest.mark.parametrize(
    ("name", "release", "said"),
    [
        ("PodSecurityPolicy", (1, 24), None),
        ("PodSecurityPolicy", (1, 25), "removed in 1.25"),
        ("SecurityContextDeny", (1, 30), "removed in 1.30"),
        ("ValidatingAdmissionPolicy", (1, 25), "from 1.26 on"),
        ("NodeRestriction", (1, 20), None),
        ("nodeRestriction", (1, 20), "no admission plugin nodeRestriction"),
    ],
)
def test_a_plugin_that_the_release_does_not_have_is_refused(
    name: str, release: tuple[int, int], said: str | None
) -> None:
    if said is None:
        check_plugins([name], release)
        return
    with pytest.raises(FlagProblem, match=said):
        check_plugins(["NodeRestriction", name], release)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stand in a permission."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.subjects import check_subjects


@pytest.mark.parametrize("subject", ["falco.>", ">", "*", "a.*.b", "$JS.API.>", "_INBOX.>", "a-b_c.1"])
def test_subjects_and_patterns_are_taken(subject: str) -> None:
    assert check_subjects([subject], "x") == [subject]


@pytest.mark.parametrize("subject", ["", ".", "a.", ".a", "a..b", ">.a", "a b", "a*", "fal>", 'a"b', "a\nb", 3, None])
def test_what_is_no_subject_is_named(subject: object) -> None:
    with pytest.raises(NatsError, match="user joe: publish: "):
        check_subjects([subject], "user joe: publish")

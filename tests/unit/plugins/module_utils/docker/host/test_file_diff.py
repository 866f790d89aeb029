# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diff shows of a file, and what it does not."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_diff import file_diff
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_state import (
    FileChange,
    FileState,
)


def test_attributes_and_content_are_shown() -> None:
    diff = file_diff(FileChange("/file", None, FileState(0o640, 0, 0, b"text\n")))
    assert (diff["before"], diff["after"]) == ("", "# owner root, group root, mode 0640\ntext\n")
    assert diff["before_header"] == diff["after_header"] == "/file"


def test_a_secret_is_shown_as_a_fingerprint_that_tells_two_apart() -> None:
    diff = file_diff(FileChange("/key", FileState(0o400, 0, 0, b"one"), FileState(0o400, 0, 0, b"two"), secret=True))
    assert diff["before"] != diff["after"]
    assert "one" not in diff["before"]
    assert "two" not in diff["after"]


def test_who_has_no_name_is_shown_by_number() -> None:
    diff = file_diff(FileChange("/file", FileState(0o600, 4242424, 4242425), None))
    assert diff["before"] == "# owner 4242424, group 4242425, mode 0600\n"

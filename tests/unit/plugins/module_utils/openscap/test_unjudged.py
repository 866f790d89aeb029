# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be judged has the shape of every other result."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import fingerprint
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.subjects import Subject
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.unjudged import failed_result


def test_an_evaluation_that_failed_is_an_error_of_its_subject_and_content() -> None:
    result = failed_result("lab", Subject("container", "web", "/x"), "docker-host", "it did not end")
    [finding] = result["findings"]
    named = {"kind": "container", "name": "web", "container": "docker-host"}
    assert (finding["status"], finding["reason"], finding["subject"]) == ("error", "it did not end", named)
    assert finding["fingerprint"] == fingerprint("openscap.evaluation.complete", "lab", named)
    assert result["controls"] == ["openscap.evaluation.complete"]
    assert result["summary"]["status"]["error"] == 1
    assert failed_result("", Subject("root", "disk", "/x"), "c", "why")["target"]

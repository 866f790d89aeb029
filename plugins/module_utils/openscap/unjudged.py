# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that say what could not be judged: that must not look like a good result."""

from __future__ import annotations

import os
import time
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    Finding,
    fingerprint,
    summarize,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import moment_text
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.subjects import Subject

APPLICABLE = (
    "openscap.content.applicable",
    "The content is for this system",
    "Give content that covers the release of the system, or leave the content out for it.",
)
EVALUATED = (
    "openscap.evaluation.complete",
    "The evaluation came to its end",
    "Look at what is said to be in the way, and evaluate again.",
)


def unjudged(what: tuple[str, str, str], target: str, subject: Subject, content: str, why: str) -> Finding:
    """The finding. `what` is its control, title and remediation."""
    control, title, remediation = what
    named = {"kind": subject.kind, "name": subject.name or target, "container": content}
    return {
        "control": control,
        "title": title,
        "severity": "medium",
        "remediation": remediation,
        "references": [],
        "status": "error",
        "target": target,
        "subject": named,
        "expected": None,
        "actual": None,
        "evidence": {"scanner": "openscap"},
        "reason": why,
        "fingerprint": fingerprint(control, target, named),
        "waiver": None,
        "drift": None,
    }


def failed_result(target: str, subject: Subject, content: str, why: str) -> dict[str, Any]:
    """The result of an evaluation that ended without one."""
    target = target or os.uname().nodename
    finding = unjudged(EVALUATED, target, subject, content, why)
    return {
        "findings": [finding],
        "target": target,
        "tool": "openscap",
        "version": "",
        "versions": {},
        "collected_at": moment_text(time.time()),
        "controls": [EVALUATED[0]],
        "summary": {**summarize([finding]), "controls": 1},
        "left_out": {},
        "format": "openscap",
        "subject": {"kind": subject.kind, "name": subject.name},
        "content": content,
        "warning": why,
        "reports": [],
    }

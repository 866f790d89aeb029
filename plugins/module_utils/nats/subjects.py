# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subjects: what may stand in a permission."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

_TOKEN = re.compile(r"[^\s.*>\"\\\x00-\x1f]+")


def check_subjects(subjects: Iterable[object], where: str) -> list[str]:
    """The subjects as they are. Raises NatsError, which begins with `where`, for what is no subject or pattern."""
    checked = []
    for subject in subjects:
        fault = _fault(subject)
        if fault:
            raise NatsError(f"{where}: {subject!r} is no subject: {fault}")
        checked.append(str(subject))
    return checked


def _fault(subject: object) -> str | None:
    if not isinstance(subject, str) or not subject:
        return "it must be text such as falco.>"
    tokens = subject.split(".")
    for position, token in enumerate(tokens):
        if token == ">" and position != len(tokens) - 1:
            return "> stands for the rest and can only be the last part"
        if token not in (">", "*") and not _TOKEN.fullmatch(token):
            return "between the dots stands a word, or * alone; spaces, quotes and empty parts cannot be"
    return None

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dockerfiles for tests, judged as the module judges them."""

from __future__ import annotations

import tempfile
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.audit import audit
from ansible_collections.bulkhead.container_security.plugins.modules.dockerfile_audit import argument_spec


def options(**given: Any) -> dict[str, Any]:
    """The options of the module, with its defaults. hadolint is off unless asked for: it is another program's word."""
    return {**{name: option.get("default") for name, option in argument_spec().items()}, "hadolint": "off", **given}


def judged(text: str | None = None, **given: Any) -> dict[str, Any]:
    """What the module returns for the text of a Dockerfile, or for other options."""
    with tempfile.TemporaryDirectory() as folder:
        return audit(options(**({} if text is None else {"content": text}), **given), folder)


def failed(text: str | None = None, **given: Any) -> set[str]:
    """Ids of the controls that fail, without the name of the module in front."""
    return {
        finding["control"].removeprefix("dockerfile.")
        for finding in judged(text, **given)["findings"]
        if finding["status"] == "fail"
    }


def built(body: str, base: str = "debian:12") -> str:
    """A Dockerfile that has nothing to answer for but its body."""
    return f'FROM {base}\n{body}\nHEALTHCHECK CMD ["true"]\nUSER 10001\n'


def errors(result: dict[str, Any]) -> list[str]:
    """The reasons of what could not be judged."""
    return [str(finding["reason"]) for finding in result["findings"] if finding["status"] == "error"]

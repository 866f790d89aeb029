# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was decided about images: verdicts of scanners, and the digests that were approved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.running_images.running import canonical

_ACTIONS = ("go", "warn", "stop")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_LONGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Verdict:
    """A scanner's word on one content: digest or image id, the name it was judged under, go|warn|stop, when, why."""

    digest: str
    image_id: str
    name: str
    action: str
    evaluated_at: str
    reasons: tuple[str, ...]


class Verdicts:
    """All verdicts, to be found by content: a name says nothing, for a tag may have moved."""

    def __init__(self, given: Iterable[Verdict]) -> None:
        self._by_content: dict[str, list[Verdict]] = {}
        for verdict in given:
            for content in {verdict.digest, verdict.image_id} - {""}:
                self._by_content.setdefault(content, []).append(verdict)

    def of(self, name: str, contents: Iterable[str]) -> Verdict | None:
        """The newest verdict on any of these contents; one under this very name goes before all others."""
        found = [verdict for content in contents for verdict in self._by_content.get(content, ())]
        wanted = canonical(name)
        return max(found, key=lambda verdict: (verdict.name == wanted, verdict.evaluated_at), default=None)


def verdicts_from(rows: Sequence[Any]) -> Verdicts:
    """Of results of image_scan or anchore_image_info. Raises ControlError naming the first row that is none."""
    return Verdicts(_verdict(number, row) for number, row in enumerate(rows))


def _verdict(number: int, row: Any) -> Verdict:
    where = f"evaluations[{number}]"
    if not isinstance(row, Mapping):
        raise ControlError(f"{where}: must be a dictionary with digest and action")
    nested = row.get("evaluation")
    flat = {**row, **nested} if isinstance(nested, Mapping) else row
    digest, image_id = str(flat.get("digest") or ""), str(flat.get("image_id") or "")
    if not _DIGEST.match(digest) and not image_id:
        raise ControlError(f"{where}: digest must be sha256: and 64 hexadecimal digits, and it is {digest!r}")
    action = str(flat.get("action") or "").lower()
    if action not in _ACTIONS:
        raise ControlError(f"{where}: action must be one of {', '.join(_ACTIONS)}, and it is {action!r}")
    name = str(flat.get("reference") or flat.get("name") or flat.get("tag") or "")
    reasons = flat.get("reasons") or ()
    said = tuple(_said(reason) for reason in reasons if isinstance(reason, Mapping) and reason.get("action") == "stop")
    stamp = str(flat.get("evaluated_at") or "")
    return Verdict(digest, image_id, canonical(name) if name else "", action, stamp, said[:5])


def _said(reason: Mapping[str, Any]) -> str:
    return f"{reason.get('gate', '')} {reason.get('trigger', '')}: {reason.get('message', '')}"[:200]


class Approvals:
    """The digests that may run, by image name. A name without a tag stands for all tags of its repository."""

    def __init__(self, given: Mapping[str, Sequence[str]]) -> None:
        self._of = dict(given)

    def digests(self, name: str) -> list[str] | None:
        """The approved digests of an image, or None where nobody has approved any content of it."""
        read = image_reference.parse(name)
        found = [self._of[key] for key in (f"{read.name}:{read.tag}", read.name) if key in self._of]
        return sorted({digest for each in found for digest in each}) if found else None


def approvals_from(given: Mapping[str, Any]) -> Approvals:
    """Of {reference: digest or list of digests}. Raises ControlError naming what is no digest."""
    read: dict[str, list[str]] = {}
    for name, value in given.items():
        digests = [value] if isinstance(value, str) else value
        if not isinstance(digests, Sequence) or not digests:
            raise ControlError(f"approved: {name}: needs a digest, or a list of digests")
        for digest in digests:
            if not isinstance(digest, str) or not _DIGEST.match(digest):
                raise ControlError(
                    f"approved: {name}: {digest!r} is no digest: write sha256: and 64 hexadecimal digits"
                )
        reference = image_reference.parse(str(name))
        tagged = ":" in str(name).rpartition("/")[2]
        read.setdefault(f"{reference.name}:{reference.tag}" if tagged else reference.name, []).extend(digests)
    return Approvals(read)


def read_json(option: str, path: str) -> Any:
    """What a JSON file of the user holds. Raises ControlError where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LONGEST + 1)
        if len(text) > _LONGEST:
            raise ControlError(f"{option}: {path} is larger than 64 MB")
        return json.loads(text)
    except OSError as exc:
        raise ControlError(f"{option}: {path} cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise ControlError(f"{option}: {path} is not JSON: {exc}") from exc

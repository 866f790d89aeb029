# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that come from outside, and the subjects that they become a part of."""

from __future__ import annotations

import re
from functools import lru_cache

_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 128
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_HOST = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_CONTAINER_ID = re.compile(r"[0-9a-f]{12,64}")
_UID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
_IMAGE = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,511}")
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{7,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@lru_cache(maxsize=1024)
def slug(name: str) -> str:
    """One token of a subject: lower case, digits and `_`; never empty."""
    return _SLUG.sub("_", name.lower()).strip("_")[:_SLUG_LENGTH] or "unnamed"


def is_namespace(name: str) -> bool:
    """Whether a namespace may be called so: a DNS label."""
    return _LABEL.fullmatch(name) is not None


def is_object(name: str) -> bool:
    """Whether a pod or a node may be called so: a DNS subdomain."""
    return _SUBDOMAIN.fullmatch(name) is not None


def is_host(name: str) -> bool:
    """Whether a host or a container may be called so: more than in DNS, but nothing that leads elsewhere in a path."""
    return _HOST.fullmatch(name) is not None


def is_container_id(text: str) -> bool:
    """Whether this is a container's id, or the first twelve digits and more of one."""
    return _CONTAINER_ID.fullmatch(text) is not None


def is_uid(text: str) -> bool:
    """Whether an object may have this uid. A static pod's is a bare hash."""
    return _UID.fullmatch(text) is not None


def is_image(text: str) -> bool:
    """Whether this may be a reference of an image."""
    return _IMAGE.fullmatch(text) is not None


def is_alert_id(text: str) -> bool:
    """Whether an id that came with an alert can stand in a subject."""
    return _ID.fullmatch(text) is not None


def has_control(text: str) -> bool:
    """Whether there are line ends or other control characters in it, or halves of characters."""
    return _CONTROL.search(text) is not None

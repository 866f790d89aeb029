# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which labels, annotations and taints Kubernetes takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bulkhead_response.errors import ConfigError
from bulkhead_response.names import is_object

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def is_key(key: str) -> bool:
    """Whether a label, annotation or taint may be called so: NAME or DOMAIN/NAME."""
    domain, slash, name = key.rpartition("/")
    return _NAME.fullmatch(name) is not None and (not slash or is_object(domain))


def is_value(value: str) -> bool:
    """Whether a label or taint may have this value."""
    return not value or _NAME.fullmatch(value) is not None


def check_keys(parameter: str, given: Mapping[str, str], *, values: bool) -> None:
    """ConfigError for the first that is wrong. values: whether they are checked as well, as those of labels are."""
    for key, value in given.items():
        if not is_key(key):
            raise ConfigError(f"{parameter}.{key}: is no name of a label or annotation")
        if values and not is_value(value):
            raise ConfigError(f"{parameter}.{key}: {value!r} is no value of a label")

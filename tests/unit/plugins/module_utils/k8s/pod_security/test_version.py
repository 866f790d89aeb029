# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of the standards."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import (
    NEWEST_MINOR,
    label_version,
    minor_of,
)


@pytest.mark.parametrize(
    ("text", "minor", "label"),
    [
        ("1.0", 0, "v1.0"),
        ("v1.27", 27, "v1.27"),
        ("v1.27.3+k3s1", 27, "v1.27"),
        ("1.21+", 21, "v1.21"),
        ("v1.30.0-rc.1", 30, "v1.30"),
        ("latest", NEWEST_MINOR, "latest"),
        ("1.99", NEWEST_MINOR, "v1.99"),
    ],
)
def test_a_version_is_read(text: str, minor: int, label: str) -> None:
    assert (minor_of(text), label_version(text)) == (minor, label)


@pytest.mark.parametrize("text", ["", "1", "2.0", "v1.", "v1.027", "1.x", "newest", "vv1.2", "1.27\n"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(K8sError, match="is no version"):
        minor_of(text)
    with pytest.raises(K8sError, match="is no version"):
        label_version(text)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version at which a Pod Security Standard is judged: v1.0 and later, or latest."""

from __future__ import annotations

import re

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

# The minor version after which nothing known here changes.
NEWEST_MINOR = 37
LATEST = "latest"
_FORM = re.compile(r"v?1\.(0|[1-9][0-9]{0,3})(?:[.+-].*)?\Z")


def minor_of(version: str) -> int:
    """The minor version of `1.27`, `v1.27`, `v1.27.3+k3s1` or `latest`; a later one than we know counts as the newest.

    Raises K8sError for anything else.
    """
    if version == LATEST:
        return NEWEST_MINOR
    match = _FORM.match(str(version))
    if match is None:
        raise K8sError(f"{version!r} is no version of the Pod Security Standards: write 1.27, v1.27 or latest")
    return min(int(match.group(1)), NEWEST_MINOR)


def label_version(version: str) -> str:
    """The version as the label of a namespace takes it: `v1.27` or `latest`. Raises K8sError for what is none."""
    if version == LATEST:
        return LATEST
    minor_of(version)
    return ".".join(["v1", re.split(r"[.+-]", version.lstrip("v"))[1]])

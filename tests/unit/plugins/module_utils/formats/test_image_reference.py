# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References to images."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.image_reference import (
    ImageReference,
    parse,
)

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("nginx", ImageReference("docker.io", "library/nginx", "latest", "")),
        ("team/app:1.0", ImageReference("docker.io", "team/app", "1.0", "")),
        ("localhost/app", ImageReference("localhost", "app", "latest", "")),
        ("REG/app", ImageReference("REG", "app", "latest", "")),
        ("reg.example.com:5000/a/b", ImageReference("reg.example.com:5000", "a/b", "latest", "")),
        (f"reg.example.com/a@{DIGEST}", ImageReference("reg.example.com", "a", "", DIGEST)),
        (f"nginx:1.2@{DIGEST}", ImageReference("docker.io", "library/nginx", "1.2", DIGEST)),
    ],
)
def test_parse(text: str, reference: ImageReference) -> None:
    assert parse(text) == reference


@pytest.mark.parametrize("text", [DIGEST, "a" * 64, "deadbeef0123"])
def test_an_id_is_pinned(text: str) -> None:
    assert parse(text).pinned
    assert not parse(text).floating


@pytest.mark.parametrize(("text", "floating"), [("nginx", True), ("nginx:latest", True), ("nginx:1", False)])
def test_floating(text: str, floating: bool) -> None:
    assert parse(text).floating is floating
    assert not parse(text).pinned


def test_latest_with_a_digest_does_not_float() -> None:
    assert not parse(f"nginx:latest@{DIGEST}").floating

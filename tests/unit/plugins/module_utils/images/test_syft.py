# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Syft's JSON tells of an image, and where images are."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.images import syft
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from tests.unit.scanned_image import DIGEST, NAME, materials


def test_facts_of_a_bill_of_materials() -> None:
    facts = syft.facts_of(
        materials(repoDigests=[f"other/x@sha256:{'2' * 64}", f"registry.example.com/shop/web@{DIGEST}"]), NAME
    )
    assert (facts.digest, facts.image_id, facts.user, facts.exposed_ports) == (
        DIGEST,
        "sha256:aa",
        "app",
        ("8080/tcp",),
    )
    assert facts.lines == ("ADD file:1 in /", "RUN apt-get update", "USER app", "RUN make all")
    assert not facts.dockerfile_given
    assert (facts.size, facts.layers, facts.distro, facts.architecture) == (5, 2, "debian", "amd64")
    assert facts.packages is not None
    assert facts.packages[1].licenses == ("Apache-2.0", "MIT")


def test_a_dockerfile_goes_before_the_history() -> None:
    lines = syft.dockerfile_lines("# x\nFROM a\nRUN a && \\\n  # why\n  b\n\nUSER app\n")
    assert lines == ["FROM a", "RUN a && b", "USER app"]
    facts = syft.facts_of(materials(), NAME, lines)
    assert (facts.dockerfile_given, facts.lines[0]) == (True, "FROM a")


@pytest.mark.parametrize(
    ("image", "source"),
    [
        ("web:1.4", ("docker:web:1.4", "web:1.4")),
        ("registry:a.b/c:1", ("registry:a.b/c:1", "a.b/c:1")),
        ("docker-archive:/x.tar", ("docker-archive:/x.tar", "/x.tar")),
        ("localhost:5000/a", ("docker:localhost:5000/a", "localhost:5000/a")),
    ],
)
def test_where_an_image_is(image: str, source: tuple[str, str]) -> None:
    assert syft.source_of(image) == source


def test_an_image_is_no_option_of_a_program() -> None:
    with pytest.raises(ScannerError):
        syft.source_of("--config=/etc/shadow")


@pytest.mark.parametrize("wrong", [7, "text", [7], {"a": 7}, None, True])
def test_a_bill_of_materials_with_wrong_types_ends_in_no_traceback(wrong: object) -> None:
    metadata = dict.fromkeys(("repoDigests", "config", "layers", "imageSize", "labels", "imageID"), wrong)
    artifact = dict.fromkeys(("name", "version", "type", "licenses", "locations"), wrong)
    document = {"source": {"metadata": metadata}, "distro": {"idLike": wrong, "id": wrong}, "artifacts": [artifact]}
    assert syft.facts_of(document, NAME).user is None
    config = base64.b64encode(json.dumps({"history": wrong, "config": wrong}).encode()).decode()
    assert syft.facts_of({**document, "source": {"metadata": {"config": config}}}, NAME).user == ""

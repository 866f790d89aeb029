# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to happen to images: by what the engine knows, whatever was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_plan import (
    Step,
    Wish,
    check,
    diff,
    known_as,
    plan_absent,
    plan_present,
    wish_from,
)

TAG = "registry.example.com/shop/web:1"
OLD, NEW, OTHER = (f"sha256:{digit * 64}" for digit in "abc")


def image(digest: str, *tags: str, status: str = "analyzed", day: int = 1, **notes: str) -> dict[str, Any]:
    details = [{"fulltag": tag, "created_at": f"2026-01-{day:02}T00:00:00Z"} for tag in tags]
    return {"imageDigest": digest, "analysis_status": status, "image_detail": details, "annotations": notes}


def planned(wish: Wish, *stored: dict[str, Any], force: bool = False, refresh: bool = False) -> Step:
    return plan_present([wish], stored, force=force, refresh=refresh)[0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"tag": ""}, "tag must be registry/repository:tag"),
        ({"tag": f"web@{OLD}"}, "tag must be registry/repository:tag"),
        ({"tag": OLD}, "tag must be registry/repository:tag"),
        ({"tag": TAG, "digest": "sha256:123"}, "digest must be sha256: and 64 digits"),
        ({"tag": TAG, "dockerfile": "/nowhere/Dockerfile"}, "/nowhere/Dockerfile cannot be read"),
        ({"tag": TAG, "dockerfile": "/a", "dockerfile_content": "FROM x"}, "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_sentence(row: dict[str, Any], said: str) -> None:
    with pytest.raises(AnchoreError, match=said) as caught:
        wish_from(row)
    assert caught.value.kind == "usage"


def test_a_wish_is_read_with_its_dockerfile_and_its_annotations_as_text(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM scratch\n")
    wish = wish_from({"tag": TAG, "dockerfile": str(file), "annotations": {"build": 7, "old": None}})
    assert wish == Wish(TAG, "", "FROM scratch\n", {"build": "7", "old": None})
    assert wish_from({"tag": TAG, "dockerfile_content": "FROM x"}).dockerfile == "FROM x"


def test_one_image_under_two_spellings_is_declared_twice() -> None:
    with pytest.raises(AnchoreError, match="nginx is declared twice"):
        check([Wish("docker.io/library/nginx:latest"), Wish("nginx")])
    check([Wish(TAG), Wish(TAG, OLD), Wish(TAG, NEW)])


def test_the_newest_content_of_a_tag_is_meant_or_the_one_of_the_digest() -> None:
    stored = [image(OLD, TAG, day=1), image(NEW, TAG, day=2), image(OTHER, "docker.io/nginx:1", day=3)]
    assert [row["imageDigest"] for row in known_as(stored, Wish(TAG))] == [NEW, OLD]
    assert [row["imageDigest"] for row in known_as(stored, Wish(TAG, OLD))] == [OLD]
    assert [row["imageDigest"] for row in known_as(stored, Wish("nginx:1"))] == [OTHER]
    assert known_as(stored, Wish(TAG, OTHER)) == []
    # The tag came back to the older content later.
    back = [image(OLD, TAG, day=5), image(NEW, TAG, day=2)]
    assert known_as(back, Wish(TAG))[0]["imageDigest"] == OLD


def test_records_without_details_are_passed_over() -> None:
    broken = [{**image(OLD), "image_detail": None}, {**image(OLD), "image_detail": ["x", {"fulltag": None}]}]
    assert known_as(broken, Wish(TAG)) == []


@pytest.mark.parametrize(
    ("wish", "stored", "terms", "action"),
    [
        (Wish(TAG), [], {}, "added"),
        (Wish(TAG), [image(OLD, "registry.example.com/shop/web:2")], {}, "added"),
        (Wish(TAG), [image(OLD, TAG)], {}, "unchanged"),
        (Wish(TAG), [image(OLD, TAG, status="analyzing")], {}, "unchanged"),
        (Wish(TAG), [image(OLD, TAG)], {"force": True}, "analysed_again"),
        (Wish(TAG), [], {"force": True}, "added"),
        (Wish(TAG), [image(OLD, TAG, status="analysis_failed")], {}, "analysed_again"),
        (Wish(TAG), [image(OLD, TAG)], {"refresh": True}, "looked_up"),
        (Wish(TAG, OLD), [image(OLD, TAG)], {"refresh": True}, "unchanged"),
        (Wish(TAG, NEW), [image(OLD, TAG)], {}, "added"),
        (Wish(TAG, "", "", {"team": "shop"}), [image(OLD, TAG)], {}, "annotated"),
        (Wish(TAG, "", "", {"team": "shop"}), [image(OLD, TAG, team="shop", stage="prod")], {}, "unchanged"),
        (Wish(TAG, "", "", {"team": None}), [image(OLD, TAG, stage="prod")], {}, "unchanged"),
        (Wish(TAG, "", "", {"team": None}), [image(OLD, TAG, team="shop")], {}, "annotated"),
    ],
)
def test_what_is_to_be_done(wish: Wish, stored: list[dict[str, Any]], terms: dict[str, bool], action: str) -> None:
    assert planned(wish, *stored, **terms).action == action


def test_every_content_of_a_tag_is_removed_and_only_that_of_a_digest() -> None:
    stored = [image(OLD, TAG, day=1), image(NEW, TAG, day=2)]
    assert [step.digest for step in plan_absent([Wish(TAG)], stored, force=False)] == [NEW, OLD]
    assert [step.digest for step in plan_absent([Wish(TAG, OLD)], stored, force=False)] == [OLD]
    assert [step.action for step in plan_absent([Wish(TAG, OTHER)], stored, force=False)] == ["unchanged"]


def test_a_content_with_other_names_is_removed_by_force_alone() -> None:
    stored = [image(OLD, TAG, "registry.example.com/shop/web:stable")]
    with pytest.raises(AnchoreError, match=r"known as registry.example.com/shop/web:stable.*set force"):
        plan_absent([Wish(TAG)], stored, force=False)
    assert plan_absent([Wish(TAG)], stored, force=True)[0].action == "removed"
    twice = [image(OLD, "docker.io/nginx:1", "docker.io/library/nginx:1")]
    assert plan_absent([Wish("nginx:1")], twice, force=False)[0].action == "removed"


def test_the_difference_shows_what_changes_and_nothing_else() -> None:
    stored = [image(OLD, TAG, team="a"), image(NEW, "registry.example.com/x:1")]
    steps = [
        planned(Wish(TAG, "", "", {"team": "b", "stage": "prod"}), *stored),
        planned(Wish("registry.example.com/x:1"), *stored),
        planned(Wish("registry.example.com/new:1", "", "", {"team": "c"}), *stored),
    ]
    told = diff(steps)
    assert told["before"] == f"{TAG}: {OLD} analyzed {{'team': 'a'}}\n"
    assert told["after"].splitlines() == [
        f"{TAG}: {OLD} analyzed {{'stage': 'prod', 'team': 'b'}}",
        "registry.example.com/new:1: the digest of the tag analyzed {'team': 'c'}",
    ]
    removed = diff(plan_absent([Wish(TAG)], stored, force=False))
    assert (removed["before"], removed["after"]) == (told["before"], "")

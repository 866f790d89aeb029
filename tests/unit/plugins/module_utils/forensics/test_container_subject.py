# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container that is meant, and never another one."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_subject import (
    SubjectGone,
    find_container,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from tests.unit.fake_engine import FakeEngine

WEB, TWIN = "a" * 12 + "1" * 52, "a" * 12 + "2" * 52
ROWS = [{"Id": WEB, "Names": ["/web", "/proxy/linked"]}, {"Id": TWIN, "Names": ["/web-2"]}]


def engine() -> FakeEngine:
    labels = {"io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": "u-1"}
    one = {"Id": WEB, "Name": "/web", "State": {"OOMKilled": True}, "Config": {"Labels": labels}}
    return FakeEngine({"/containers/json": ROWS, f"/containers/{WEB}/json": one})


@pytest.mark.parametrize(
    "entry", [{"name": "web"}, {"name": "/web"}, {"id": WEB}, {"id": WEB[:13]}, {"name": "web", "id": "a" * 12}]
)
def test_by_name_or_id_or_both(entry: dict[str, Any]) -> None:
    found = find_container(engine(), entry)
    assert (found.id, found.name) == (WEB, "web")
    assert found.as_dict()["out_of_memory"] is True
    assert (found.as_dict()["namespace"], found.as_dict()["pod_uid"]) == ("shop", "u-1")


@pytest.mark.parametrize("entry", [{"name": "we"}, {"name": "linked"}, {"id": "b" * 12}, {"name": "web-2", "id": WEB}])
def test_none_is_gone(entry: dict[str, Any]) -> None:
    with pytest.raises(SubjectGone, match="There is no container"):
        find_container(engine(), entry)


def test_two_are_refused() -> None:
    with pytest.raises(ForensicsError, match="2 containers have id aaaaaaaaaaaa"):
        find_container(engine(), {"id": "a" * 12})

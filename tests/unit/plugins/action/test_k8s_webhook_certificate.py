# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action k8s_webhook_certificate: what it answers, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.action import k8s_webhook_certificate as action
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import CertificateError


def params(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "names": ["webhook.guard.svc"],
        "ca_passphrase": None,
        "ca_common_name": "Webhook",
        "ca_valid_days": 3650,
        "ca_renew_days": 90,
        "valid_days": 365,
        "renew_days": 30,
        **more,
    }


def test_it_tells_all_but_the_key(tmp_path: Path) -> None:
    made = action._brought(params(tmp_path / "pki"), dry=False)
    assert made["changed"]
    assert made["description"]["names"] == ["webhook.guard.svc"]
    key = Path(made["key_path"]).read_text()
    assert key.splitlines()[1] not in str(made)
    again = action._brought(params(tmp_path / "pki"), dry=False)
    assert (again["changed"], again["rotated"], again["ca_bundle"]) == (False, False, made["ca_bundle"])
    assert again["days_left"] in (364, 365)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"valid_days": 0}, "valid_days is 0"),
        ({"names": []}, "names is empty"),
        ({"ca_renew_days": 3650}, "a new authority with each run"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_made(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    with pytest.raises(CertificateError, match=words):
        action._brought(params(tmp_path / "pki", **more), dry=False)
    assert not (tmp_path / "pki").exists()

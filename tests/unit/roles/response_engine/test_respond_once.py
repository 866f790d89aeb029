# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kubeconfig holds becomes files of the engine; what files cannot hold is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.errors import ConfigError, Poison
from respond_once import answer, kubernetes_settings

HELD = base64.b64encode(b"held").decode()


def kubeconfig(folder: Path, user: dict[str, Any], **cluster: Any) -> Path:
    file = folder / "kubeconfig"
    content = {
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://api:6443", **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    file.write_text(json.dumps(content))
    return file


def test_what_it_holds_becomes_files_for_their_owner_alone(tmp_path: Path) -> None:
    user = {"client-certificate-data": HELD, "client-key-data": HELD}
    settings = kubernetes_settings(kubeconfig(tmp_path, user, **{"certificate-authority-data": HELD}), "", tmp_path)
    assert set(settings) == {"server", "ca_file", "cert_file", "key_file"}
    key = Path(settings["key_file"])
    assert key.read_bytes() == b"held"
    assert key.stat().st_mode & 0o777 == 0o600


def test_what_it_names_stays_where_it_is(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, {"tokenFile": "token"}, **{"certificate-authority": "ca.crt"})
    settings = kubernetes_settings(file, "lab", tmp_path)
    assert settings["ca_file"] == str(tmp_path / "ca.crt")
    assert settings["token_file"] == str(tmp_path / "token")


def test_a_token(tmp_path: Path) -> None:
    settings = kubernetes_settings(kubeconfig(tmp_path, {"token": "secret"}), "", tmp_path)
    assert Path(settings["token_file"]).read_text() == "secret"


@pytest.mark.parametrize(
    ("user", "cluster", "context", "message"),
    [
        ({"exec": {"command": "login"}}, {}, "", "neither a token nor a certificate; make one with k8s_credential"),
        ({"token": "x"}, {"insecure-skip-tls-verify": True}, "", "is not checked"),
        ({"token": "x"}, {}, "other", "no context 'other'"),
    ],
)
def test_what_files_cannot_hold(
    tmp_path: Path, user: dict[str, Any], cluster: dict[str, Any], context: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        kubernetes_settings(kubeconfig(tmp_path, user, **cluster), context, tmp_path)


def question(alert: bytes, **more: Any) -> dict[str, Any]:
    settings = {"rules": [{"name": "r", "match": {"rules": ["Other"]}, "steps": [{"action": "delete_pod"}]}], **more}
    return {"config": settings, "files": {}, "alert": base64.b64encode(alert).decode()}


def test_an_alert_that_no_rule_matches_is_recorded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    alert = {"rule": "Shell", "priority": "Notice", "output": "x", "output_fields": {}, "time": "2026-01-01T00:00:00Z"}
    answer(question(json.dumps(alert).encode()), tmp_path)
    [record] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert record["status"] == "no_match"
    assert record["alert"]["rule"] == "Shell"


def test_what_is_no_alert(tmp_path: Path) -> None:
    with pytest.raises(Poison):
        answer(question(b"shell!"), tmp_path)

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where evidence may be sent, and what is said of it."""

from __future__ import annotations

import io
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import upload
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError

URL = "https://store.example.com:9000/bucket/set.tar.gz?X-Amz-Signature=deadbeef"


@pytest.mark.parametrize(
    "url", ["http://store/x", "file:///etc/passwd", "https://", "https://[", "store", "https://h:x/"]
)
def test_only_https_is_taken(url: str) -> None:
    with pytest.raises(ForensicsError, match=r"^here: upload_url"):
        upload.check_url(url, "here")


def test_the_signature_is_never_shown() -> None:
    upload.check_url(URL, "here")
    assert upload.shown_url(URL) == "https://store.example.com:9000/bucket/set.tar.gz"


def test_the_file_is_put_and_its_tag_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, Any] = {}

    def put(url: str, **options: Any) -> Any:
        sent.update(options, url=url, data=options["data"].read())
        return type("Answer", (), {"headers": {"ETag": '"abc"'}})

    monkeypatch.setattr(upload, "open_url", put)
    file = tmp_path / "set.tar.gz"
    file.write_bytes(b"evidence")
    assert upload.upload(str(file), URL, None, 5) == "abc"
    assert (sent["method"], sent["data"], sent["headers"]["Content-Length"]) == ("PUT", b"evidence", "8")


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (urllib.error.HTTPError(URL, 403, "Forbidden", {}, io.BytesIO(b"<Code>AccessDenied</Code>")), "with 403"),  # type: ignore[arg-type]
        (urllib.error.URLError("refused"), "did not take the evidence: refused"),
        (ValueError(f"unknown url {URL}"), "ValueError"),
    ],
)
def test_a_refusal_is_one_sentence_without_the_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception, said: str
) -> None:
    def put(url: str, **options: Any) -> Any:
        raise trouble

    monkeypatch.setattr(upload, "open_url", put)
    (tmp_path / "file").touch()
    with pytest.raises(ForensicsError) as refusal:
        upload.upload(str(tmp_path / "file"), URL, None, 5)
    assert said in str(refusal.value)
    assert "deadbeef" not in str(refusal.value)

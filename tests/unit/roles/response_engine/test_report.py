# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What notifications tell."""

from __future__ import annotations

import json

from bulkhead_response.report import cut, falco_form, sentence
from tests.unit.roles.response_engine.answering import an_alert


def test_a_title() -> None:
    assert sentence(an_alert()) == "Terminal shell in container: shop/web"
    assert sentence(an_alert(namespace="", pod="", container="c")) == "Terminal shell in container: c"
    assert sentence(an_alert(namespace="", pod="", container="", hostname="h")) == "Terminal shell in container: h"
    assert len(sentence(an_alert(rule="x" * 500))) == 200


def test_cut() -> None:
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "ab…")


def test_falcos_form() -> None:
    form = json.loads(json.dumps(falco_form(an_alert())))
    assert form["output_fields"] == {"proc.name": "bash"}
    assert (form["uuid"], form["tags"]) == ("4f1c", ["container", "shell"])

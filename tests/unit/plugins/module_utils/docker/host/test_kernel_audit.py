# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's answers over netlink, decoded; that a real kernel speaks like this is tested with a daemon."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Sequence

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.kernel_audit import (
    KernelAuditError,
    decode_rule,
    read_kernel_audit,
)

EXIT, TASK = 4, 1
WATCH, DIR, PERM, KEY, AUID, ARCH = 105, 107, 106, 210, 9, 11


def rule_data(
    fields: Sequence[tuple[int, int]], texts: bytes = b"", *, where: int = EXIT, action: int = 2, word: int = 0xFFFFFFFF
) -> bytes:
    rows = list(fields) + [(0, 0)] * (64 - len(fields))
    numbers, values = zip(*rows)
    head = struct.pack("=III", where, action, len(fields)) + struct.pack("=64I", *[word] * 64)
    return head + struct.pack("=64I64I64I", *numbers, *values, *[0] * 64) + struct.pack("=I", len(texts)) + texts


def test_a_watch_on_a_file() -> None:
    rule = decode_rule(rule_data([(WATCH, 6), (PERM, 2 | 8), (KEY, 3)], b"/etc/xabc"))
    assert (rule.path, rule.recursive, rule.permissions, rule.narrowing) == ("/etc/x", False, frozenset("wa"), ())
    assert rule.text == "-w /etc/x -p wa -k abc"


def test_a_watch_on_a_folder_is_recursive() -> None:
    rule = decode_rule(rule_data([(DIR, 4), (PERM, 15)], b"/etc"))
    assert (rule.path, rule.recursive, rule.text) == ("/etc", True, "-w /etc -p rwxa")


def test_strings_lie_behind_one_another_in_the_order_of_their_fields() -> None:
    rule = decode_rule(rule_data([(KEY, 3), (WATCH, 8)], b"key/usr/bin"))
    assert (rule.path, rule.text) == ("/usr/bin", "-w /usr/bin -p rwxa -k key")


@pytest.mark.parametrize(
    ("fields", "word"), [([(AUID, 1000)], 0xFFFFFFFF), ([(ARCH, 0x40000003)], 0xFFFFFFFF), ([], 0x2)]
)
def test_what_leaves_events_out_narrows(fields: list[tuple[int, int]], word: int) -> None:
    rule = decode_rule(rule_data([(WATCH, 4), *fields], b"/etc", word=word))
    assert rule.narrowing
    assert rule.text.startswith("-a always,exit -F path=/etc")


def test_the_64_bit_architecture_does_not_narrow() -> None:
    assert not decode_rule(rule_data([(ARCH, 0xC000003E), (WATCH, 4)], b"/etc")).narrowing


def test_a_rule_that_silences_every_task() -> None:
    rule = decode_rule(rule_data([], where=TASK, action=0))
    assert (rule.filter, rule.action, rule.path, rule.narrowing) == ("task", "never", None, ())


class _Refusing:
    """A socket that fails at its first use."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, *_arguments: object) -> socket.socket:
        raise OSError(self._number, "refused")


@pytest.mark.parametrize("number", [errno.EPERM, errno.ECONNREFUSED])
def test_who_may_not_ask_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(socket, "socket", _Refusing(number))
    with pytest.raises(KernelAuditError, match="CAP_AUDIT_CONTROL"):
        read_kernel_audit()


def test_a_kernel_without_auditing_watches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", _Refusing(errno.EPROTONOSUPPORT))
    answer = read_kernel_audit()
    assert (answer.enabled, answer.rules) == (False, ())

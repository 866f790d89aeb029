# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""email: what a mail server gets, from a server of a few lines."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.notify.email import Email
from bulkhead_response.outcome import Outcome
from tests.lab.kubernetes.certificates import Authority
from tests.unit.roles.response_engine.answering import an_alert, run

_PARAMS = {"host": "127.0.0.1", "sender": "Bulkhead <bulkhead@example.com>", "recipients": ["ops@example.com"]}
_ALERT = an_alert(rule="Shell\r\nBcc: evil@example.com", output="a\r\n.\r\nb")


class MailServer:
    """SMTP as far as smtplib asks for it. answers: {command: reply} in place of the good ones."""

    def __init__(self, tls: ssl.SSLContext | None = None, answers: Mapping[str, str] | None = None) -> None:
        self.commands: list[str] = []
        self.messages: list[Message] = []
        self._tls = tls
        self._answers = dict(answers or {})

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 lab\r\n")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            verb = line.upper().split()[0]
            reply = self._answers.get(verb) or self._good(verb)
            writer.write(f"{reply}\r\n".encode())
            await writer.drain()
            if verb == "STARTTLS" and reply.startswith("220"):
                await writer.start_tls(self._tls)  # type: ignore[arg-type]
            elif verb == "DATA" and reply.startswith("354"):
                self.messages.append(email.message_from_bytes(await self._body(reader)))
                writer.write(b"250 taken\r\n")
            elif verb == "QUIT":
                break
        writer.close()

    def _good(self, verb: str) -> str:
        offers = ["250-lab", *(["250-STARTTLS"] if self._tls else []), "250 AUTH PLAIN"]
        return {
            "EHLO": "\r\n".join(offers),
            "DATA": "354 go on",
            "AUTH": "235 fine",
            "STARTTLS": "220 go on",
            "QUIT": "221 bye",
        }.get(verb, "250 fine")

    @staticmethod
    async def _body(reader: asyncio.StreamReader) -> bytes:
        text = b""
        while (line := await reader.readline()) not in (b".\r\n", b""):
            text += line
        return text


def sent(
    server: MailServer,
    *,
    alert: Alert = _ALERT,
    dry_run: bool = False,
    tls: ssl.SSLContext | None = None,
    **params: Any,
) -> Outcome:
    """What comes of a message to the server."""

    async def play() -> Outcome:
        listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=tls)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            return await run(Email({**_PARAMS, "port": port, **params}), alert, dry_run=dry_run)

    return asyncio.run(play())


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """(the server's side, the file that a client trusts)."""
    made = Authority("mail")
    made.credential.write(tmp_path, "ca")
    made.server("localhost", ["localhost", "127.0.0.1"]).write(tmp_path, "mail")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "mail.crt", tmp_path / "mail.key")
    return context, str(tmp_path / "ca.crt")


def test_a_message_and_nothing_smuggled_into_it() -> None:
    server = MailServer()
    assert sent(server, security="none").status == "done"
    [message] = server.messages
    assert message["Subject"] == "[notice] Shell Bcc: evil@example.com: shop/web"
    assert (message["To"], message["Bcc"], message["Auto-Submitted"]) == ("ops@example.com", None, "auto-generated")
    assert [line.lower() for line in server.commands if line.startswith("rcpt")] == ["rcpt to:<ops@example.com>"]
    assert not [command for command in server.commands if "evil" in command]
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert b"b" in body.splitlines()


def test_the_second_delivery_has_the_same_id() -> None:
    server = MailServer()
    sent(server, security="none")
    sent(server, security="none")
    assert len({message["Message-ID"] for message in server.messages}) == 1


def test_starttls_and_a_password(authority: tuple[ssl.SSLContext, str], tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret")
    server = MailServer(tls=authority[0])
    login: dict[str, Any] = {"username": "robot", "password_file": str(tmp_path / "password")}
    assert sent(server, ca_file=authority[1], **login).status == "done"
    verbs = [command.split()[0].upper() for command in server.commands]
    assert verbs.index("STARTTLS") < verbs.index("AUTH") < verbs.index("MAIL")


def test_a_server_that_ends_badly_has_the_message_nevertheless() -> None:
    server = MailServer(answers={"QUIT": "421 out of order"})
    assert sent(server, security="none").status == "done"
    assert len(server.messages) == 1


def test_tls_from_the_start(authority: tuple[ssl.SSLContext, str]) -> None:
    server = MailServer()
    assert sent(server, tls=authority[0], security="tls", ca_file=authority[1]).status == "done"


def test_a_server_that_nobody_vouches_for(authority: tuple[ssl.SSLContext, str]) -> None:
    server = MailServer(tls=authority[0])
    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        sent(server)
    assert not server.messages


def test_a_server_without_encryption_gets_nothing() -> None:
    server = MailServer()
    outcome = sent(server)
    assert (outcome.status, server.messages) == ("failed", [])


@pytest.mark.parametrize(
    ("answers", "later"),
    [
        ({"MAIL": "451 later"}, True),
        ({"RCPT": "450 later"}, True),
        ({"MAIL": "550 no"}, False),
        ({"RCPT": "550 no such user"}, False),
        ({"DATA": "554 no"}, False),
    ],
)
def test_refusals(answers: dict[str, str], later: bool) -> None:
    if later:
        with pytest.raises(Unreachable):
            sent(MailServer(answers=answers), security="none")
    else:
        outcome = sent(MailServer(answers=answers), security="none")
        assert (outcome.status, outcome.retry) == ("failed", False)


def test_a_wrong_password_is_not_shown(authority: tuple[ssl.SSLContext, str], tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret")
    login: dict[str, Any] = {"username": "robot", "password_file": str(tmp_path / "password")}
    outcome = sent(MailServer(authority[0], {"AUTH": "535 s3cret is wrong"}), ca_file=authority[1], **login)
    assert (outcome.status, "s3cret" in outcome.message) == ("failed", False)


def test_a_dry_run_sends_nothing() -> None:
    server = MailServer()
    assert sent(server, dry_run=True, security="none").status == "would_do"
    assert not server.commands


@pytest.mark.parametrize(
    "params",
    [
        {"sender": "no address"},
        {"recipients": []},
        {"recipients": ["a@example.com, b@example.com"]},
        {"recipients": ["a@example.com\r\nBcc: b@example.com"]},
        {"host": "mail.example.com", "security": "none"},
        {"security": "none", "username": "a", "password_file": "/p"},
        {"username": "a"},
        {"ca_file": "/no/such"},
    ],
)
def test_parameters_that_cannot_be_used(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Email({**_PARAMS, **params})

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""email: a message by SMTP, encrypted unless it stays on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from typing import Any

from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.loopback import is_loopback
from bulkhead_response.notify.secret_file import Unusable, read_secret
from bulkhead_response.outcome import DONE, FAILED, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.report import cut, sentence, steps, whole_characters
from bulkhead_response.step import Context

_KNOWN = ("host", "port", "security", "sender", "recipients", "username", "password_file", "ca_file", "timeout")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LATER = 400, 499  # RFC 5321: a reply of 4yz means that the same may be accepted later
_LONGEST_OUTPUT = 4000


@dataclass(frozen=True)
class _Relay:
    """How to reach the server. `tls` is None only where nothing is encrypted."""

    host: str
    port: int
    timeout: float
    tls: ssl.SSLContext | None
    from_the_start: bool

    def send(self, message: EmailMessage, login: tuple[str, str] | None) -> None:
        """Blocking. OSError, smtplib.SMTPException."""
        server = self._connected()
        try:
            if self.tls is not None and not self.from_the_start:
                server.starttls(context=self.tls)
            if login is not None:
                server.login(*login)
            server.send_message(message)
            # From here on the message is the server's: how it takes leave of us must not have it sent once more.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        if self.from_the_start:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self.tls)
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)


class Email:
    """host, port, security (starttls, tls, none), sender, recipients, username, password_file, ca_file, timeout.

    The Message-ID comes from the key: mail systems that remember ids drop the second of a doubled delivery.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, _KNOWN)
        self._relay = _relay(given)
        self._sender = _address("sender", given.text("sender"))
        self._recipients = [_address("recipients", text) for text in given.texts("recipients")]
        self._username = given.text("username", "")
        self._password_file = given.text("password_file", "")
        if not self._recipients:
            raise ConfigError("recipients: must be a list of at least one address")
        if bool(self._username) != bool(self._password_file):
            raise ConfigError("password_file: username and password_file belong together")
        if self._username and self._relay.tls is None:
            raise ConfigError("security: a password is not sent without encryption")

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """Unreachable where a later try may succeed."""
        if context.dry_run:
            return Outcome(WOULD_DO, f"a message would be sent to {len(self._recipients)} addresses")
        message = _message(alert, context, self._sender, self._recipients)
        where = f"{self._relay.host}:{self._relay.port}"
        try:
            login = (self._username, read_secret("password_file", self._password_file)) if self._username else None
            await asyncio.to_thread(self._relay.send, message, login)
        except Unusable as error:
            return Outcome(FAILED, str(error))
        except smtplib.SMTPAuthenticationError as error:
            return Outcome(FAILED, f"{where} does not accept username and password ({error.smtp_code})")
        except smtplib.SMTPResponseException as error:
            return _answered(where, error.smtp_code)
        except smtplib.SMTPRecipientsRefused as error:
            return _answered(where, min(code for code, _text in error.recipients.values()))
        except smtplib.SMTPNotSupportedError:
            return Outcome(FAILED, f"{where} does not offer what security or username ask for")
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"{where} does not answer: {type(error).__name__}") from error
        return Outcome(DONE, f"a message was sent to {len(self._recipients)} addresses")


def _answered(where: str, code: int) -> Outcome:
    if _LATER[0] <= code <= _LATER[1]:
        raise Unreachable(f"{where} answers {code}")
    return Outcome(FAILED, f"{where} refuses the message ({code})")


def _relay(given: Parameters) -> _Relay:
    host, security = given.text("host"), given.choice("security", "starttls", tuple(_PORTS))
    if security == "none" and not is_loopback(host):
        raise ConfigError("security: none is for a mail server on this machine only")
    ca_file = given.text("ca_file", "")
    try:
        tls = None if security == "none" else ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"ca_file: {ca_file} cannot be used: {error}") from error
    port = given.integer("port", _PORTS[security], 1, 65535)
    return _Relay(host, port, given.number("timeout", 15, 0.1, 300), tls, security == "tls")


def _address(parameter: str, text: str) -> str:
    """NAME <LOCAL@DOMAIN> or LOCAL@DOMAIN, one of them: a comma would make two."""
    _name, address = parseaddr(text)
    if address.count("@") != 1 or not address.isascii() or set(address) & set(' ,;<>"()') or "," in text:
        raise ConfigError(f"{parameter}: {text!r} is no address")
    return text


def _message(alert: Alert, context: Context, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """What comes from an alert gets into the subject and the body, and into no other header."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = _one_line(f"[{alert.priority}] {sentence(alert)}")
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{hashlib.sha256(context.key.encode()).hexdigest()[:32]}@bulkhead-response.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_body(alert, context))
    return message


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _body(alert: Alert, context: Context) -> str:
    target = alert.target
    facts = {
        "Rule": alert.rule,
        "Priority": alert.priority,
        "Time": alert.time,
        "Host": alert.hostname,
        "Pod": f"{target.namespace}/{target.pod}" if target.pod else "",
        "Container": f"{target.container} {target.container_id}".strip(),
        "Response rule": context.rule,
        "Alert id": alert.id,
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    done = [f"- {each['step']}: {each['status']}: {each['message']}" for each in steps(context)]
    text = [*lines, "", cut(alert.output, _LONGEST_OUTPUT), "", *(done or ["No action was taken before."]), ""]
    return whole_characters("\n".join(text))

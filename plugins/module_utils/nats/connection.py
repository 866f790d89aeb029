# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the NATS modules are told which server to talk to, and as whom; and one connection to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.conversation import Conversation
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from nats.aio.client import Client

# Importing it costs a fifth of a second of CPU: that is left to where it is needed.
HAS_NATS = find_spec("nats") is not None
HAS_NKEYS = find_spec("nkeys") is not None
REQUIRED_TOGETHER = [["cert_file", "key_file"], ["user", "password"]]
MUTUALLY_EXCLUSIVE = [["nkey_seed_file", "credentials_file", "user"]]
_FILES = ("ca_file", "cert_file", "key_file", "nkey_seed_file", "credentials_file")
_SCHEMES = ("tls", "nats")

Params = Mapping[str, Any]
_Answer = TypeVar("_Answer")


def connection_argument_spec() -> dict[str, dict[str, Any]]:
    """The argument spec of the options that the doc fragment `nats` describes."""
    return {
        "servers": {"type": "list", "elements": "str", "default": []},
        **{name: {"type": "path", "no_log": False} for name in _FILES},
        "user": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "tls_hostname": {"type": "str"},
        "timeout": {"type": "float", "default": 10.0},
    }


def require_nats(module: AnsibleModule) -> None:
    """Fail with the way to install it where the library is missing."""
    if not HAS_NATS:
        module.fail_json(msg=missing_required_lib("nats-py[nkeys]"))
    if not HAS_NKEYS and (module.params.get("nkey_seed_file") or module.params.get("credentials_file")):
        module.fail_json(msg=missing_required_lib("nkeys"))


def run(work: Awaitable[_Answer]) -> _Answer:
    """Do it to the end, in an event loop of its own."""

    async def awaited() -> _Answer:
        return await work

    return asyncio.run(awaited())


def checked(params: Params) -> None:
    """Raise NatsError for options that cannot be used, before anything is sent."""
    if not params.get("servers"):
        raise NatsError("servers is empty: name at least one, such as tls://nats.example.com:4222")
    for server in params["servers"]:
        parts = urlsplit(str(server))
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise NatsError(f"servers: {server!r} is not an address such as tls://nats.example.com:4222")
        if parts.username or parts.password:
            raise NatsError(
                "servers: an address holds no user and no password, which logs would show: use user, password"
            )
        if params.get("password") and parts.scheme != "tls":
            raise NatsError(f"servers: {server} would send the password in the clear: write tls:// before the address")
    if float(params["timeout"]) <= 0:
        raise NatsError("timeout must be more than 0 seconds")
    for name in _FILES:
        if params.get(name) and not os.path.isfile(params[name]):
            raise NatsError(f"{name}: there is no file {params[name]}")


@contextlib.asynccontextmanager
async def conversation(params: Params) -> AsyncIterator[Conversation]:
    """A connection as the options say, closed in the end. Raises NatsError."""
    import nats

    checked(params)
    complaints: list[str] = []

    async def complain(error: Exception) -> None:
        complaints.append(_sentence(error))

    # Where no server answers, each is tried once more, and that is said instead of waiting for the time to be up.
    patience = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0.2}
    options = {**_identity(params), **patience, "error_cb": complain}
    timeout = float(params["timeout"])
    try:
        client = await asyncio.wait_for(
            nats.connect(list(params["servers"]), **options, connect_timeout=timeout, name="bulkhead"), timeout
        )
    except Exception as exc:  # nats-py, asyncio, ssl and nkeys each have their own; all end here
        raise NatsError(_refusal(params, [*complaints, _sentence(exc)])) from exc
    complaints.clear()
    try:
        _check_encrypted(params, client)
        yield Conversation(client, timeout, complaints)
    finally:
        await client.close()


def _identity(params: Params) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if _wants_tls(params):
        options["tls"] = _context(params)
        if params.get("tls_hostname"):
            options["tls_hostname"] = params["tls_hostname"]
    if params.get("nkey_seed_file"):
        options["nkeys_seed"] = params["nkey_seed_file"]
    if params.get("credentials_file"):
        options["user_credentials"] = params["credentials_file"]
    if params.get("user"):
        options.update(user=params["user"], password=params["password"])
    return options


def _wants_tls(params: Params) -> bool:
    return bool(params.get("ca_file")) or any(str(server).startswith("tls://") for server in params["servers"])


def _context(params: Params) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=params.get("ca_file"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if params.get("cert_file"):
            context.load_cert_chain(params["cert_file"], params["key_file"])
    except (OSError, ssl.SSLError) as exc:
        raise NatsError(f"The certificates cannot be used: {_sentence(exc)}") from exc
    return context


def _check_encrypted(params: Params, client: Client) -> None:
    """Whoever stands between may strip the offer of TLS, and the library then goes on in the clear."""
    info: Mapping[str, Any] = getattr(client, "_server_info", {})
    if _wants_tls(params) and not info.get("tls_required"):
        raise NatsError(f"{', '.join(params['servers'])} does not speak TLS, which was asked for: nothing was done")


def _refusal(params: Params, reasons: list[str]) -> str:
    where = ", ".join(params["servers"])
    said = next((reason for reason in reasons if reason and "no servers available" not in reason), "nothing answers")
    if "authorization violation" in said.lower():
        return f"{where} does not know this user, or refuses its key or password: {said}"
    hint = "; it may want a client certificate (cert_file, key_file)" if not params.get("cert_file") else ""
    return f"{where} cannot be used: {said}{hint}"


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()).removeprefix("nats: ").strip("'\"") if str(error) else ""
    return text or type(error).__name__

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role nats on a host: who gets in, what a reload does, and that a wrong configuration never becomes live."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.nats_host import Host, nats_host
from tests.lab.ansible import run_module
from tests.lab.kubernetes.certificates import Authority
from tests.lab.nats import write_seed
from tests.lab.nats_identity import Identity

# nats-py leaves the sockets of refused connections to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """A server that the role has made, with the streams of the role."""
    with nats_host() as made:
        assert made.run(check=True).check().changed
        assert not made.config.exists()
        made.run(stream_servers=[made.url]).check()
        yield made


def test_a_second_run_changes_nothing(host: Host) -> None:
    assert host.run(stream_servers=[host.url]).check().changed == []


def test_a_host_with_systemd_can_be_asked_before_there_is_a_unit(host: Host) -> None:
    assert host.run(check=True, restart_command=[], unit_dir=str(host.folder / "units")).check().changed


def test_nobody_gets_in_without_a_certificate_and_the_right_key(host: Host, tmp_path: Path) -> None:
    assert host.user("forwarder").refusal() == ""
    assert host.user("forwarder", certificate=False).refusal()
    assert "authorization" in host.user("forwarder", nkey=False).refusal().lower()
    stranger = tmp_path / "stranger"
    shutil.copytree(host.pki / "clients/forwarder", stranger)
    write_seed(stranger / "user.nk")
    assert "authorization" in Identity(host.url, stranger).refusal().lower()
    # A certificate of another authority, with the right nkey.
    shutil.copy(host.pki / "clients/forwarder/user.nk", stranger)
    Authority("another").client("forwarder").write(stranger, "other")
    shutil.copy(stranger / "other.crt", stranger / "cert.pem")
    shutil.copy(stranger / "other.key", stranger / "key.pem")
    assert Identity(host.url, stranger).refusal()


@pytest.mark.parametrize(
    ("user", "allowed", "denied"),
    [
        (
            "forwarder",
            ["falco.notice.shell", "k8saudit.create.pods"],
            ["response.decision.acted.x", "findings.high.x", "$JS.API.STREAM.DELETE.FALCO"],
        ),
        (
            "response_engine",
            ["response.decision.acted.x", "$JS.API.CONSUMER.INFO.FALCO.response_engine"],
            ["falco.notice.shell", "$JS.API.STREAM.PURGE.FALCO", "$JS.API.CONSUMER.CREATE.FALCO"],
        ),
        ("provisioner", ["$JS.API.STREAM.INFO.FALCO"], ["falco.notice.shell", "response.decision.acted.x"]),
        ("auditor", ["$JS.API.STREAM.INFO.FALCO", "findings.high.x"], ["falco.x.y", "$JS.API.STREAM.DELETE.FALCO"]),
    ],
)
def test_users_publish_what_they_may_alone(host: Host, user: str, allowed: list[str], denied: list[str]) -> None:
    identity = host.user(user)
    assert identity.publish(*allowed) == []
    for subject in denied:
        assert "permissions violation" in identity.publish(subject)[0], subject


def test_alerts_are_read_by_those_who_may_alone(host: Host) -> None:
    assert "permissions violation" in host.user("forwarder").subscribe("falco.>")[0]
    assert "permissions violation" in host.user("response_engine").subscribe("falco.>")[0]
    assert host.user("auditor").subscribe("falco.>") == []


def test_a_message_that_is_too_large_is_refused(host: Host) -> None:
    with pytest.raises(Exception, match=r"(?i)payload"):
        host.user("forwarder").publish("falco.notice.shell", payload=b"x" * (1024 * 1024 + 1))


def test_the_audit_finds_nothing(host: Host) -> None:
    by_port = run_module(
        "nats_audit", {"monitor_urls": [f"http://127.0.0.1:{host.monitor}"], "config": str(host.config)}
    )
    by_account = run_module(
        "nats_audit", {**host.user("monitor").module_arguments, "config": str(host.config), "include_passes": True}
    )
    bad = [finding for finding in by_port["findings"] if finding["status"] in ("fail", "error", "manual")]
    assert [(finding["control"], finding["subject"]["name"]) for finding in bad] == []
    assert by_account["summary"]["status"] == by_port["summary"]["status"]
    assert by_account["summary"]["status"]["pass"] > 50


def test_a_reload_keeps_connections_and_brings_a_user_and_a_certificate(host: Host) -> None:
    more = [{"name": "guest", "account": "RESPONSE", "publish": ["falco.guest"], "subscribe": []}]

    async def connected_meanwhile() -> tuple[bytes, bytes]:
        cut: list[str] = []

        async def note() -> None:
            cut.append("disconnected")

        connection = await host.user("forwarder").connect(disconnected_cb=note)
        before, pid = _certificate(host), host.pid
        # A year more than the certificates have: all are renewed.
        arguments: dict[str, Any] = {"extra_users": more, "cert_renew_days": 366, "cert_valid_days": 400}
        done = await asyncio.to_thread(host.run, **arguments)
        assert "nats : Let the server read its configuration again" in done.check().changed
        assert host.pid == pid
        assert cut == []
        await connection.flush(timeout=30)
        await connection.close()
        return before, _certificate(host)

    before, after = asyncio.run(connected_meanwhile())
    assert before != after
    assert host.user("guest").publish("falco.guest") == []
    # What only a restart changes restarts it.
    pid = host.pid
    restarted = host.run(extra_users=more, jetstream={"max_memory_store": "128MiB", "max_file_store": "9GiB"}).check()
    assert "nats : Start the server anew by its command" in restarted.changed
    assert host.pid != pid


def _certificate(host: Host) -> bytes:
    """What the server shows to a client."""
    context = ssl.create_default_context(cafile=str(host.pki / "ca.pem"))
    context.load_cert_chain(*(str(host.pki / "clients/forwarder" / name) for name in ("cert.pem", "key.pem")))
    with socket.create_connection(("127.0.0.1", host.port), 30) as plain:
        # It says what it is in the clear, up to a line's end, before TLS begins.
        while plain.recv(1) != b"\n":
            pass
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as encrypted:
            return encrypted.getpeercert(binary_form=True) or b""


def test_a_configuration_that_the_server_refuses_never_becomes_live(host: Host) -> None:
    before = host.config.read_text()
    refused = host.run(config_extra={"max_payloadd": 1})
    assert refused.rc != 0
    assert "max_payloadd" in refused.stdout + refused.stderr
    assert host.config.read_text() == before
    assert host.user("forwarder").refusal() == ""


def test_absent_takes_back_what_the_role_has_put_there(host: Host) -> None:
    """The last test of this file, for it takes the server away."""
    host.stop()
    assert host.run(state="absent").check().changed
    assert not host.config.exists()
    assert not (host.folder / "etc/tls/key.pem").exists()
    assert (host.pki / "clients/forwarder/user.nk").exists()
    assert host.run(state="absent").check().changed == []

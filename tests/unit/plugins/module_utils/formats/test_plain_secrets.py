# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets, and what only looks like one."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import plain_secrets as secrets

# Made up, and put together here, so that no scanner of this repository takes them for real.
GITHUB = "ghp_" + "a1B2" * 9
AWS = "AKIA" + "ABCDEFGH" * 2
JWT = ".".join(["eyJhbGciOiJI", "eyJzdWIiOiIx", "c2lnbmF0dXJl"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("PGPASSWORD", "hunter2"),
        ("MYSQL_PWD", "hunter2"),
        ("dbPassword", "hunter2"),
        ("API_KEY", "abcdef123456"),
        ("AWS_SECRET_ACCESS_KEY", "abcdef/123456"),
        ("ACCESS_TOKEN", "x1y2z3"),
        ("CLIENT_SECRET", "12345"),
        ("SSH_PASSPHRASE", "a b c"),
        ("ANYTHING", GITHUB),
        ("ANYTHING", AWS),
        ("ANYTHING", JWT),
        ("DATABASE_URL", "postgres://app:hunter2@db/app"),
        ("REDIS", "redis://:hunter2@cache:6379"),
        ("KEY", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
        ("KEY", "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOY"),
        ("STORAGE", "AccountName=x;AccountKey=hunter2hunter2==;EndpointSuffix=example.com"),
        ("ConnectionStrings__Db", "Server=db;User Id=sa;Password=hunter2;"),
        ("DSN", "host=db user=app password='hunter2'"),
        ("JAVA_OPTS", "-Xmx1g -Djavax.net.ssl.keyStorePassword=hunter2"),
        ("REDIS_ARGS", "--requirepass hunter2"),
        ("MAX_PASSWORD", "hunter2"),
    ],
)
def test_secret(name: str, value: str) -> None:
    found = secrets.secret_in(name, value)
    assert found is not None
    assert found["name"] == name
    assert found["fingerprint"].startswith("sha256:")
    assert value not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PWD", "/srv"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD_FILE", "/run/secrets/db"),
        ("DB_PASSWORD", "/run/secrets/db"),
        ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"),
        ("MYSQL_RANDOM_ROOT_PASSWORD", "true"),
        ("TOKEN_TTL", "3600"),
        ("AWS_ACCESS_KEY_ID_FILE", "/x"),
        ("PASSWORD", "${PASSWORD}"),
        ("PASSWORD", "{{ password }}"),
        ("SECRET_NAME", "db"),
        ("API_TOKEN", "vault:secret/data/api"),
        ("PASSWORD", "********"),
        ("MAX_TOKENS", "4096"),
        ("TOKEN_EXPIRY_SECONDS", "3600"),
        ("PASSWORD_REGEX", "^.{8,}$"),
        ("LOGIN_PASSWORD_PROMPT", "Password:"),
        ("SECRETS_MANAGER_REGION", "eu-west-1"),
        ("JAVA_OPTS", "-Xmx1g -Dpassword.file=/run/secrets/x"),
        ("DSN", "host=db user=app password=$PASSWORD"),
        ("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568"),
        ("KEYBOARD", "de"),
        ("COMPASS", "north"),
        ("LISTEN_ADDR", "http://0.0.0.0:80"),
        ("PROXY", "http://proxy:3128"),
        ("AUTHOR", "somebody"),
        ("BYPASS", "on"),
        ("SECRETARY", "somebody"),
        ("MONKEY", "business"),
        ("DATABASE_URL", "postgres://app:$PASSWORD@db/app"),
    ],
)
def test_no_secret(name: str, value: str) -> None:
    assert secrets.secret_in(name, value) is None


def test_environment() -> None:
    found = secrets.secrets_in_env(["PATH=/bin", "B_TOKEN=bbb", "A_TOKEN=aaa", "NOTHING"])
    assert [secret["name"] for secret in found] == ["A_TOKEN", "B_TOKEN"]
    assert secrets.secrets_in_env(None) == []


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("API_TOKEN=abc123 ./deploy && true", ["API_TOKEN"]),
        ("export DB_PASSWORD='two words'; run", ["DB_PASSWORD"]),
        ("mysql --password=hunter2 -u root", ["password"]),
        ("vault login --token hunter2", ["token"]),
        (f"curl -H 'Authorization: Bearer {JWT}' x", ["JSON web token"]),
        ("git clone https://bot:hunter2@git.example.com/x", ["password in a URL"]),
        ("curl -s -u admin:hunter2 https://example.com", ["password of curl"]),
        ("curl -H 'Authorization: Bearer hunter2hunter2' x", ["HTTP credentials"]),
        ("curl -u admin:$PASSWORD -H 'Authorization: Bearer $TOKEN' x", []),
        ("--token hunter2", ["token"]),
        ("echo password", []),
        ("passwd --lock root", []),
        ("TOKEN=$(cat /run/secrets/token) ./deploy", []),
        ("mysql --password=$PASSWORD", []),
        ("PASSWORD=/run/secrets/x run", []),
    ],
)
def test_command(command: str, names: list[str]) -> None:
    assert [secret["name"] for secret in secrets.secrets_in_command(command)] == names


@pytest.mark.parametrize(
    "command",
    [
        "API_TOKEN=hunter22 ./deploy",
        "mysql --password hunter22",
        "git clone https://bot:hunter22@git.example.com/x",
        f"curl -H 'X: {GITHUB}'",
        "PASSWORD='hunter22' TOKEN=\"hunter22\" run",
    ],
)
def test_without_secrets(command: str) -> None:
    shown = secrets.without_secrets(command)
    assert "hunter22" not in shown
    assert GITHUB not in shown
    assert shown.split()[0].split("=")[0] == command.split()[0].split("=")[0]


def test_without_secrets_leaves_the_rest() -> None:
    assert secrets.without_secrets("A=b apt-get update -o X=1") == "A=b apt-get update -o X=1"


def test_equal_secrets_have_equal_fingerprints() -> None:
    one, other = secrets.secret_in("A_TOKEN", "same"), secrets.secret_in("B_TOKEN", "'same'")
    assert one
    assert other
    assert one["fingerprint"] == other["fingerprint"]

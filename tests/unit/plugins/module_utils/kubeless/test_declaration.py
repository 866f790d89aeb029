# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions and triggers in Kubeless's form; what cannot be meant, or could end a shell command, is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.kubeless.declaration import (
    kubeless_objects,
    runtime_images,
)

PYTHON = {
    "name": "python3.8",
    "image": "python@sha256:0",
    "env": {"PYTHONPATH": "/kubeless"},
    "build_image": "builder@sha256:0",
    "build_command": "pip install",
    "dep_name": "requirements.txt",
    "file_name_suffix": ".py",
}
HELLO = {"name": "hello", "handler": "hello.handler", "runtime": "python3.8", "function": "def handler(e, c): pass"}
SUM = f"sha256:{'0' * 64}"


def objects(*functions: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return kubeless_objects({"functions": functions, "runtimes": [PYTHON], "namespace": "fun", **more})


def test_a_function() -> None:
    [made] = objects({**HELLO, "labels": {"team": "a"}, "deps": "nats-py", "timeout": 30, "checksum": SUM})
    assert made == {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "Function",
        "metadata": {
            "name": "hello",
            "namespace": "fun",
            "labels": {"team": "a", "created-by": "kubeless", "function": "hello"},
        },
        "spec": {
            "handler": "hello.handler",
            "runtime": "python3.8",
            "function": "def handler(e, c): pass",
            "function-content-type": "text",
            "checksum": SUM,
            "deps": "nats-py",
            "timeout": "30",
        },
    }


def test_triggers_name_functions_of_their_namespace() -> None:
    made = objects(
        HELLO,
        nats_triggers=[
            {"name": "n", "function": "hello", "topic": "falco.>"},
            {"name": "m", "function_selector": {"team": "a"}, "topic": "falco.*.shell"},
        ],
        http_triggers=[{"name": "h", "function": "hello", "host_name": "hello.example.com", "path": "hi"}],
        cronjob_triggers=[{"name": "c", "function": "hello", "schedule": "*/5 * * * *"}],
    )
    assert [item["kind"] for item in made] == [
        "Function",
        "NATSTrigger",
        "NATSTrigger",
        "HTTPTrigger",
        "CronJobTrigger",
    ]
    assert made[1]["spec"] == {
        "topic": "falco.>",
        "functionSelector": {"matchLabels": {"created-by": "kubeless", "function": "hello"}},
    }
    assert made[2]["spec"]["functionSelector"]["matchLabels"] == {"created-by": "kubeless", "team": "a"}
    assert made[3]["spec"] == {"function-name": "hello", "host-name": "hello.example.com", "path": "hi"}
    assert made[4]["spec"] == {"function-name": "hello", "schedule": "*/5 * * * *"}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ({"name": "Hello"}, "function 'Hello': a name is of lower case"),
        ({"handler": "hello"}, "function fun/hello: handler 'hello' is not file.function"),
        ({"handler": "a.b.c"}, "handler"),
        ({"handler": "a'; id #.b"}, "handler"),
        ({"runtime": "ruby2"}, "there is no runtime 'ruby2'; declared are python3.8"),
        ({"checksum": f"{SUM}'; id"}, "checksum"),
        ({"function_content_type": "zip"}, "function_content_type 'zip' is not text, base64 or url"),
        ({"function_content_type": "url", "function": "https://x/'; id #"}, "an address without quotes"),
        ({"function_content_type": "url+zip", "function": "file:///etc"}, "an address without quotes"),
    ],
)
def test_functions_that_cannot_be_meant(function: dict[str, Any], message: str) -> None:
    with pytest.raises(K8sError, match=message):
        objects({**HELLO, **function})


@pytest.mark.parametrize(
    ("triggers", "message"),
    [
        ({"nats_triggers": [{"name": "n", "function": "hello", "topic": "a..b"}]}, "nats trigger fun/n: topic 'a..b'"),
        ({"nats_triggers": [{"name": "n", "function": "hello", "topic": "a b"}]}, "topic"),
        ({"nats_triggers": [{"name": "n", "function": "hello", "topic": "a.>.b"}]}, "topic"),
        ({"nats_triggers": [{"name": "n", "function": "other", "topic": "a"}]}, "no function 'other' .* fun"),
        ({"http_triggers": [{"name": "h", "function": "hello", "namespace": "x"}]}, "no function 'hello' .* x"),
        ({"cronjob_triggers": [{"name": "c", "function": "hello", "schedule": "daily"}]}, "five fields"),
        ({"functions": [HELLO, HELLO]}, "function fun/hello is declared twice"),
    ],
)
def test_triggers_that_cannot_be_meant(triggers: dict[str, Any], message: str) -> None:
    with pytest.raises(K8sError, match=message):
        objects(HELLO, **triggers)


def test_runtimes_by_their_identity() -> None:
    newer = {**PYTHON, "name": "python3.11"}
    [made] = runtime_images([PYTHON, newer])
    assert (made["ID"], made["depName"], made["fileNameSuffix"]) == ("python", "requirements.txt", ".py")
    assert [version["version"] for version in made["versions"]] == ["3.8", "3.11"]
    assert made["versions"][0]["name"] == "python38"
    assert made["versions"][0]["images"] == [
        {"phase": "installation", "image": "builder@sha256:0", "command": "pip install"},
        {"phase": "runtime", "image": "python@sha256:0", "env": {"PYTHONPATH": "/kubeless"}},
    ]
    assert (
        runtime_images([{"name": "go1.14", "image": "go@sha256:0"}])[0]["versions"][0]["images"][0]["phase"]
        == "runtime"
    )


@pytest.mark.parametrize(
    ("runtimes", "message"),
    [
        ([{**PYTHON, "name": "3.8"}], "runtime '3.8' is called neither"),
        ([PYTHON, {**PYTHON, "name": "python2.7", "dep_name": "deps"}], "must be those of all of python"),
    ],
)
def test_runtimes_that_cannot_be(runtimes: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(K8sError, match=message):
        runtime_images(runtimes)

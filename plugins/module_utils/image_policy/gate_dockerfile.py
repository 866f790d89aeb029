# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate `dockerfile`: how the image was built, by its Dockerfile or, without one, by its history."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.gate import (
    CannotJudgeError,
    Match,
    Trigger,
    is_true,
    listed,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import ImageFacts


def instruction(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """An instruction is there, is missing, or has a value that is looked for."""
    if is_true(rule, "actual_dockerfile_only") and not facts.dockerfile_given:
        return
    name, check, wanted = (
        (rule.value("instruction") or "").upper(),
        rule.value("check") or "",
        rule.value("value") or "",
    )
    _need_lines(facts)
    values = _values(facts, name)
    if name == "FROM" and not facts.dockerfile_given:
        raise CannotJudgeError("The base image stands in the Dockerfile alone, which was not given")
    if check == "not_exists":
        if not values:
            yield _instruction_match(name, check, wanted, f"{name} is not in the Dockerfile")
        return
    for value in values:
        if _holds(check, value, wanted):
            yield _instruction_match(name, check, wanted, f"{name} {_shown(name, value)} ({check} {wanted})".rstrip())


def _values(facts: ImageFacts, name: str) -> list[str]:
    """What stands behind each instruction of this name."""
    return [line.partition(" ")[2].strip() for line in facts.lines if line.partition(" ")[0].upper() == name]


def _holds(check: str, value: str, wanted: str) -> bool:
    choices = [part.strip() for part in wanted.split(",")]
    return {
        "=": value == wanted,
        "!=": value != wanted,
        "exists": True,
        "like": check == "like" and re.match(wanted, value) is not None,
        "not_like": check == "not_like" and re.match(wanted, value) is None,
        "in": value in choices,
        "not_in": value not in choices,
    }.get(check, False)


def _shown(name: str, value: str) -> str:
    # A secret is what such a rule looks for, so that values are not told, and of commands the program alone.
    if name in ("ENV", "ARG", "LABEL"):
        return re.sub(r"([=\s])\S+", r"\1…", value)[:80]
    if name in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "ONBUILD"):
        return f"{value.split(None, 1)[0][:80]} …" if value else ""
    return value[:80]


def _instruction_match(name: str, check: str, wanted: str, message: str) -> Match:
    return Match(f"{name}_{check}_{wanted}"[:120], message)


def effective_user(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """The user that a container runs as is on the list, or is not on it."""
    user = _user(facts)
    users, kind = listed(rule, "users"), (rule.value("type") or "").lower()
    # The engine compares the text as it stands; that a group is named makes nobody of root somebody else.
    is_listed = user in users or (kind == "blacklist" and user.partition(":")[0] in users)
    if is_listed == (kind == "blacklist"):
        said = "is not allowed" if kind == "blacklist" else "is not one of those that are"
        yield Match(f"{kind}_{user}", f"It runs as {user}, which {said}: {', '.join(users)[:120]}")


def _user(facts: ImageFacts) -> str:
    """By the configuration of the image, else by its Dockerfile."""
    if facts.user is not None:
        return facts.user or "root"
    named = _values(facts, "USER") if facts.dockerfile_given else []
    if not named:
        raise CannotJudgeError("As whom it runs is not known: there is no configuration of an image")
    return named[-1]


def exposed_ports(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """Ports that are on the list, or are not on it."""
    if is_true(rule, "actual_dockerfile_only") and not facts.dockerfile_given:
        return
    ports, kind = set(listed(rule, "ports")), (rule.value("type") or "").lower()
    for exposed in _ports(facts):
        number = exposed.partition("/")[0]
        if (number in ports or exposed in ports) == (kind == "blacklist"):
            said = "is not allowed" if kind == "blacklist" else "is not one of those that are allowed"
            yield Match(f"{kind}_{number}", f"It exposes port {exposed}, which {said}")


def _ports(facts: ImageFacts) -> tuple[str, ...]:
    """By the configuration of the image, else by its Dockerfile."""
    if facts.exposed_ports is not None:
        return facts.exposed_ports
    if not facts.dockerfile_given:
        raise CannotJudgeError("Its ports are not known: there is no configuration of an image")
    return tuple(port for value in _values(facts, "EXPOSE") for port in value.split())


def no_dockerfile_provided(_rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """Nobody gave the Dockerfile."""
    if not facts.dockerfile_given:
        yield Match("no_dockerfile", "The Dockerfile was not given, and its history stands in for it")


def _need_lines(facts: ImageFacts) -> None:
    if not facts.lines:
        raise CannotJudgeError("How it was built is not known: there is neither a Dockerfile nor a history")


TRIGGERS: dict[str, Trigger] = {
    "instruction": instruction,
    "effective_user": effective_user,
    "exposed_ports": exposed_ports,
    "no_dockerfile_provided": no_dockerfile_provided,
}

# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as subjects of an audit: how they were built, what they hold, how old they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import users
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import Facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image import history as image_history
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image.history import Step
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image.layer_users import uid_by_layers
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import (
    image_reference,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import (
    secrets_in_command,
    secrets_in_env,
    without_secrets,
)

SetuidLister = Callable[[Mapping[str, Any]], "list[str] | str"]

# Builds that are to be reproducible carry a fixed time, mostly the epoch or its like: no image is older than Docker.
_OLDEST_TRUE_YEAR = 2013


def collect_images(
    engine: Engine,
    listed: Iterable[Mapping[str, Any]],
    in_use: Iterable[str],
    now: datetime,
    setuid_files: SetuidLister | None = None,
    files: HostFiles | None = None,
) -> list[Facts]:
    """One subject for each image of GET /images/json, two requests each; `in_use` are ids of containers' images.

    `setuid_files` lists an inspected image's setuid files, or says in a sentence why it cannot. `files` are of the
    daemon's host where that is this one: then a user's name is looked up in the image's own passwd.
    """
    used = set(in_use)
    subjects = []
    for image in listed:
        try:
            inspected = engine.get(f"/images/{image['Id']}/json")
            history = engine.get(f"/images/{image['Id']}/history")
        except EngineStatus as exc:
            if exc.status != 404:  # 404: removed since it was listed
                subjects.append(_unreadable(image, str(exc)))
            continue
        facts = image_facts(inspected, history, now)
        facts["in_use"] = image["Id"] in used
        if files and users.uid(facts["user"]) is None:
            facts["root"] = uid_by_layers(facts["user"], inspected, files) == 0
        if setuid_files:
            _add_setuid(facts, setuid_files(inspected))
        subjects.append(facts)
    return sorted(subjects, key=lambda facts: str(facts["subject"]["name"]))


def image_facts(image: Mapping[str, Any], history: Iterable[Mapping[str, Any]], now: datetime) -> Facts:
    """Facts of one inspected image and its history."""
    config = image.get("Config") or {}
    steps = image_history.steps(history)
    unknown: dict[str, str] = {}
    facts: Facts = {
        "subject": {"kind": "image", "name": _name(image)},
        "unknown": unknown,
        "id": str(image.get("Id")),
        "tags": sorted(image.get("RepoTags") or ()),
        "digests": sorted(image.get("RepoDigests") or ()),
        "dangling": not image.get("RepoTags") and not image.get("RepoDigests"),
        "sources": _sources(image),
        "size": image.get("Size"),
        "created": image.get("Created"),
        "user": str(config.get("User") or ""),
        "root": users.is_root(config.get("User")),
        "has_healthcheck": has_healthcheck(config),
        "exposed_ports": sorted(config.get("ExposedPorts") or ()),
        "secrets": _secrets(config, steps),
        **_build_facts(steps, unknown),
    }
    age = _age(str(image.get("Created") or ""), now)
    if age is None:
        unknown["age_days"] = f"The image says it was created {image.get('Created') or 'never'}, which tells no age."
        return facts
    return {**facts, "age_days": age}


def has_healthcheck(config: Mapping[str, Any]) -> bool:
    """Whether a test is configured: one that is there and is not NONE, by which an inherited one is switched off."""
    test = (config.get("Healthcheck") or {}).get("Test") or []
    return bool(test) and test[0] != "NONE"


def _build_facts(steps: list[Step], unknown: dict[str, str]) -> Facts:
    if not steps:
        reason = "The image has no history (it was imported, or squashed), so how it was built cannot be told."
        for name in ("lone_updates", "additions", "unverified_installs"):
            unknown[name] = reason
        return {"has_history": False}
    return {
        "has_history": True,
        "lone_updates": _shown(image_history.lone_updates(steps)),
        "additions": _shown(image_history.additions(steps)),
        "unverified_installs": _shown(image_history.unverified_installs(steps)),
    }


def _shown(commands: Iterable[str]) -> list[str]:
    return [without_secrets(command)[:200] for command in commands]


def _secrets(config: Mapping[str, Any], steps: Iterable[Step]) -> list[dict[str, str]]:
    found = [{**secret, "where": "environment"} for secret in secrets_in_env(config.get("Env"))]
    for step in steps:
        found += [{**secret, "where": "history"} for secret in _secrets_of_step(step)]
    # The history repeats the environment, and a build argument stands in each later instruction.
    once: dict[tuple[str, str], dict[str, str]] = {}
    for secret in found:
        once.setdefault((secret["name"], secret["fingerprint"]), secret)
    return sorted(once.values(), key=lambda secret: (secret["name"], secret["fingerprint"]))


def _secrets_of_step(step: Step) -> list[dict[str, str]]:
    found = secrets_in_env(f"{name}={value}" for name, value in step.arguments)
    if step.keyword in ("RUN", "ENV", "ARG", "LABEL", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
        found += secrets_in_command(step.text)
    if step.keyword == "ENV" and "=" not in step.text.split(" ", maxsplit=1)[0]:
        name, _blank, value = step.text.partition(" ")  # the old form, ENV NAME value
        found += secrets_in_env([f"{name}={value}"])
    return found


def _sources(image: Mapping[str, Any]) -> list[str]:
    """`registry/repository` of every name that the image has here."""
    names = [*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())]
    return sorted({image_reference.parse(name).name for name in names if not name.startswith("<none>")})


def _name(image: Mapping[str, Any]) -> str:
    names = sorted(image.get("RepoTags") or ()) or sorted(image.get("RepoDigests") or ())
    return str(names[0]) if names else str(image.get("Id", "")).replace("sha256:", "")[:12]


def _age(created: str, now: datetime) -> int | None:
    """Days, None where the image does not really say when it was built."""
    try:
        moment = datetime.fromisoformat(created[:19]).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return max((now - moment).days, 0) if moment.year >= _OLDEST_TRUE_YEAR else None


def _add_setuid(facts: Facts, answer: list[str] | str) -> None:
    if isinstance(answer, str):
        facts["unknown"]["setuid_files"] = answer
    else:
        facts["setuid_files"] = answer


def _unreadable(image: Mapping[str, Any], reason: str) -> Facts:
    identity = {"RepoTags": image.get("RepoTags"), "RepoDigests": image.get("RepoDigests"), "Id": image.get("Id")}
    subject = {"kind": "image", "name": _name(identity)}
    known = image_facts({}, [{"CreatedBy": "CMD true"}], datetime.now(timezone.utc))
    return {"subject": subject, "unknown": dict.fromkeys((*known, "age_days", "setuid_files"), reason)}

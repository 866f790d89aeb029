# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user declares, as flags with their texts and files with their content, checked against the release."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import secret_fingerprint
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver import encryption
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.admission_plugins import (
    check_plugins,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.file_checks import check_file
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import (
    MAP,
    READ_PATHS,
    TYPES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import (
    FlagProblem,
    as_list,
    as_map,
    check_exists,
    flag_name,
    rendered,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import read_text
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import (
    dump,
    load,
    load_mapping,
)

ENABLE, DISABLE = "enable-admission-plugins", "disable-admission-plugins"
ENCRYPTION = "encryption-provider-config"
_WIDTH = 118
_SECRET_NAMES = frozenset({"token", "password", "client-key-data", "secret", "id-token", "refresh-token"})


@dataclass(frozen=True)
class DeclaredFile:
    """A file that the API server shall read. `flag` is "" where another file names it.

    `shown` is its text without secrets, and `telling` a text that is another one whenever the content is, but does not
    depend on a key that is made at random.
    """

    flag: str
    path: str
    text: str
    shown: str
    telling: str


@dataclass
class Declaration:
    """All that is declared. `writer` is "provider/key" of the encryption, "" where none is declared."""

    flags: dict[str, list[str] | None] = field(default_factory=dict)
    files: list[DeclaredFile] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    writer: str = ""


def declare(params: Mapping[str, Any], situation: Situation) -> Declaration:
    """Everything declared, in the API server's own terms. Raises FlagProblem or FileProblem."""
    declaration = Declaration()
    for name, value in (params["flags"] or {}).items():
        _declare_flag(flag_name(str(name)), value, situation, declaration)
    for entry in params["files"] or ():
        _declare_file(entry, situation, declaration)
    _declare_plugins(params, situation, declaration)
    if params["encryption"]:
        _declare_encryption(params["encryption"], situation, declaration)
    return declaration


def _declare_flag(name: str, value: Any, situation: Situation, declaration: Declaration) -> None:
    if value is None:
        declaration.flags[name] = None
        return
    check_exists(name, situation.release)
    if TYPES[name] == MAP and isinstance(value, Mapping):
        value = {**as_map(situation.flags.get(name, [])), **value}
    declaration.flags[name] = rendered(name, value)
    if name in (ENABLE, DISABLE):
        check_plugins(as_list(declaration.flags[name] or []), situation.release)


def _declare_plugins(params: Mapping[str, Any], situation: Situation, declaration: Declaration) -> None:
    """Plugins are added to the lists that are there; one that is enabled leaves the other list, and vice versa."""
    wanted = {ENABLE: params["enable_admission_plugins"] or [], DISABLE: params["disable_admission_plugins"] or []}
    both = sorted(set(wanted[ENABLE]) & set(wanted[DISABLE]))
    if both:
        raise FlagProblem(f"{', '.join(both)}: an admission plugin is either enabled or disabled, not both")
    for flag, other in ((ENABLE, DISABLE), (DISABLE, ENABLE)):
        check_plugins(wanted[flag], situation.release)
        before = declaration.flags.get(flag, situation.flags.get(flag)) or []
        names = [name for name in as_list(before) if name not in wanted[other]]
        names += [name for name in wanted[flag] if name not in names]
        if names != as_list(before):
            declaration.flags[flag] = [",".join(names)] if names else None


def _declare_file(entry: Mapping[str, Any], situation: Situation, declaration: Declaration) -> None:
    flag = flag_name(entry["flag"] or "")
    path = entry["path"] or (os.path.join(situation.config_dir, f"{flag}.yaml") if flag else "")
    if not path.startswith("/"):
        raise FlagProblem("files: an entry needs a flag, or an absolute path where another file names it")
    if (entry["content"] is None) == (entry["secret_content"] is None):
        raise FlagProblem(f"files: {path} needs either content or secret_content")
    if flag:
        _check_flag_of_file(flag, situation)
    content = entry["content"] if entry["content"] is not None else entry["secret_content"]
    text, data = _text_and_data(content, path)
    if data is not None:
        check_file(flag, data, path, situation.release)
        declaration.secrets |= set(_secrets(data))
    declaration.files.append(DeclaredFile(flag, path, text, shown(text, path), shown(text, path)))
    if flag:
        declaration.flags[flag] = [path]


def _check_flag_of_file(flag: str, situation: Situation) -> None:
    check_exists(flag, situation.release)
    if flag not in READ_PATHS:
        raise FlagProblem(f"files: {flag} names no file that the API server reads")
    if flag == ENCRYPTION:
        raise FlagProblem("files: declare encryption instead, which keeps the keys that are still needed")


def _text_and_data(content: Any, path: str) -> tuple[str, Mapping[str, Any] | None]:
    """(text, what it holds), the latter None for a file that is no YAML, such as a certificate."""
    if not isinstance(content, (str, Mapping)):
        raise FlagProblem(f"files: the content of {path} is a text or a dict, and not a {type(content).__name__}")
    if isinstance(content, str):
        text = content if content.endswith("\n") else f"{content}\n"
        return text, None if text.lstrip().startswith("-----BEGIN") else load_mapping(text, path)
    there = read_text(path)
    if there is not None and load(there) == content:
        # It says the same in other words: comments and order of an administrator stay.
        return there, content
    return dump(content, _WIDTH), content


def _declare_encryption(wanted: Mapping[str, Any], situation: Situation, declaration: Declaration) -> None:
    if situation.k3s and situation.k3s.encrypts_by_itself:
        raise FlagProblem(
            f"{situation.k3s.main} sets secrets-encryption: k3s manages the keys itself (k3s secrets-encrypt); "
            "do not declare encryption"
        )
    path = (situation.flags.get(ENCRYPTION) or [os.path.join(situation.config_dir, "encryption.yaml")])[-1]
    text = read_text(path)
    current = load_mapping(text or "", path)
    given = {
        **encryption.secrets_of(load_mapping(wanted["like"] or "", "encryption.like")),
        **(wanted["secrets"] or {}),
    }
    plan = encryption.planned(
        current,
        encryption.Wanted(wanted["provider"], wanted["key_name"], wanted["resources"], wanted["phase"], given),
        path,
    )
    known = {**encryption.secrets_of(current), **given}
    declaration.secrets |= {*known.values(), *encryption.secrets_of(plan.data).values()}
    new = text if text is not None and plan.data == current else dump(plan.data, _WIDTH)
    visible, nameless = (dump(encryption.redacted(plan.data, keys), _WIDTH) for keys in (known, {}))
    declaration.files.append(DeclaredFile(ENCRYPTION, path, new, visible, nameless))
    declaration.flags[ENCRYPTION] = [path]
    declaration.writer = "/".join([wanted["provider"], wanted["key_name"] if wanted["provider"] != "identity" else ""])


def shown(text: str | None, path: str) -> str:
    """A file's text for a diff: as it is where it holds no secret, with fingerprints in their place otherwise."""
    if text is None:
        return ""
    data = load(text)
    if data is None:
        return f"(not YAML, {secret_fingerprint(text)})\n"
    if "PRIVATE KEY" in text and not isinstance(data, dict):
        return f"({secret_fingerprint(text)})\n"
    if isinstance(data, dict) and list(_secrets(data)):
        return dump(_masked(data), _WIDTH)
    return text


def _masked(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, name) for item in value]
    return secret_fingerprint(str(value)) if name in _SECRET_NAMES and value else value


def _secrets(value: Any, name: str = "") -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets(item, str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _secrets(item, name)
    elif name in _SECRET_NAMES and value:
        yield str(value)

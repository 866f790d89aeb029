# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k3s' own configuration: the API server inside k3s gets its flags from the list `kube-apiserver-arg`.

k3s reads config.yaml, then config.yaml.d/*.yaml by name. A later `kube-apiserver-arg` takes the place of an earlier
one, and `kube-apiserver-arg+` adds to it.
"""

from __future__ import annotations

import glob
import os
import re
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import secret_fingerprint
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_words import (
    Wanted,
    WordEdits,
    flag_values,
    given_flags,
    word_edits,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import FlagProblem
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import read_text
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import (
    Edit,
    apply_edits,
    dump,
    is_mapping,
    is_sequence,
    key_added,
    key_removed,
    key_replaced,
    load_mapping,
    root_of,
    sequence_edits,
    value_of,
)

KEY = "kube-apiserver-arg"
# Members of config.yaml that are secrets, or hold one.
_SECRET = re.compile(
    r"^(?P<key>[\"']?(?:agent-token|datastore-endpoint|etcd-s3-access-key|etcd-s3-secret-key|token|vpn-auth)[\"']?\s*:\s*)"
    r"(?P<value>\S.*)$",
    re.MULTILINE,
)
# What k3s passes to its API server unless the list says otherwise.
DEFAULTS: dict[str, list[str]] = {
    "anonymous-auth": ["false"],
    "authorization-mode": ["Node,RBAC"],
    "enable-admission-plugins": ["NodeRestriction"],
    "profiling": ["false"],
}


def file_with_flags(main: str) -> str:
    """The file that holds the list: the last one that sets it, or config.yaml itself. Raises YamlProblem."""
    holding = [path for path in _files(main) if KEY in load_mapping(read_text(path) or "", path)]
    return holding[-1] if holding else main


def _files(main: str) -> list[str]:
    return [main, *sorted(glob.glob(os.path.join(glob.escape(f"{main}.d"), "*.yaml")))]


def without_secrets(text: str) -> str:
    """A text of config.yaml to show: the tokens that it may hold as fingerprints."""
    return _SECRET.sub(lambda match: match["key"] + secret_fingerprint(match["value"].strip()), text)


class K3sConfig:
    """The file at `path` that holds the flags; `main` is config.yaml. Raises YamlProblem."""

    def __init__(self, path: str, main: str) -> None:
        self.path = path
        self.main = main
        self.text = read_text(path) or ""
        self.data = load_mapping(self.text, path)

    @property
    def words(self) -> list[str]:
        """The list as it is in the file."""
        value = self.data.get(KEY) or []
        return [str(word) for word in (value if isinstance(value, list) else [value])]

    @property
    def given(self) -> dict[str, list[str]]:
        """The flags in the file."""
        return flag_values(given_flags(self.words, dashes=False))

    @property
    def flags(self) -> dict[str, list[str]]:
        """The flags that the API server gets, k3s' own defaults among them."""
        return {**DEFAULTS, **self.given}

    @property
    def encrypts_by_itself(self) -> bool:
        """Whether k3s manages encryption at rest (secrets-encryption)."""
        return any(
            load_mapping(read_text(path) or "", path).get("secrets-encryption") is True for path in _files(self.main)
        )

    def check_others(self, flags: Wanted) -> None:
        """FlagProblem where another file adds one of these flags, so that ours would not be the only value."""
        for path in _files(self.main):
            value = load_mapping(read_text(path) or "", path).get(f"{KEY}+") or []
            added = flag_values(given_flags([str(w) for w in (value if isinstance(value, list) else [value])], False))
            both = sorted(set(added) & set(flags))
            if both:
                raise FlagProblem(f"{path} adds {', '.join(both)} with {KEY}+: take it out there, or do not declare it")

    def changed(self, flags: Wanted) -> tuple[str, bool]:
        """The text after the change, and whether it is the old one but for the change."""
        words = word_edits(self.words, flags, prefix="")
        after = words.on(self.words)
        if after == self.words:
            return self.text, True
        wanted: dict[str, Any] = {**self.data, KEY: after}
        if not after:
            del wanted[KEY]
        root = root_of(self.text)
        if not is_mapping(root) or not root.value:
            # Nothing but comments, or nothing at all.
            text = self.text + ("" if self.text.endswith("\n") or not self.text else "\n")
            return text + dump({KEY: after}), True
        text = apply_edits(self.text, self._edits(root, words, after))
        if load_mapping(text, self.path) == wanted:
            return text, True
        return dump(wanted), False

    def _edits(self, root: Any, words: WordEdits, after: list[str]) -> list[Edit]:
        node = value_of(root, KEY)
        if not after:
            edit = key_removed(self.text, root, KEY)
            return [edit] if edit else []
        if node is None:
            return [key_added(self.text, root, KEY, after)]
        if not is_sequence(node) or not node.value:
            return key_replaced(self.text, root, KEY, after)
        return sequence_edits(self.text, node, words.replaced, words.removed, words.appended)

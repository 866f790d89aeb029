# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small edits of a YAML text that leave every other byte, comments included, as it was.

PyYAML tells where each node of the text begins and ends; an edit is a piece of text that takes the place of a span.
Both styles are known: block (kubeadm, k3s) and flow, which JSON is a case of.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

try:
    import yaml
    from yaml.nodes import MappingNode, Node, SequenceNode
except ImportError:  # the module says so, with the way to install it
    HAS_YAML = False
else:
    HAS_YAML = True


class YamlProblem(K8sError):
    """A file is not the YAML that it should be; the message says where."""


@dataclass(frozen=True)
class Edit:
    """`text` takes the place of the characters from `start` up to `end`."""

    start: int
    end: int
    text: str


def load_mapping(text: str, path: str) -> dict[str, Any]:
    """The mapping that the text holds; an empty text is an empty one. Raises YamlProblem with line and column."""
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise YamlProblem(f"{path}{where}: not YAML: {exc.problem or exc.context}") from exc
    except yaml.YAMLError as exc:
        raise YamlProblem(f"{path}: not YAML: {exc}") from exc
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise YamlProblem(f"{path}:1:1: it must hold a mapping, and holds a {type(data).__name__}")
    return data


def load(text: str) -> Any:
    """What the text holds, of whatever type; None for what is no YAML."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def dump(data: Any, width: int = 10**6) -> str:
    """The text of a whole file, in block style and in the order of the data."""
    return yaml.safe_dump(data, sort_keys=False, default_flow_style=False, width=width)


def root_of(text: str) -> Any:
    """The node tree of a text that load_mapping took; None where it is blank."""
    return yaml.compose(text, Loader=yaml.SafeLoader)


def is_mapping(node: Any) -> bool:
    """Whether a node is a mapping."""
    return isinstance(node, MappingNode)


def is_sequence(node: Any) -> bool:
    """Whether a node is a sequence."""
    return isinstance(node, SequenceNode)


def value_of(mapping: Any, key: str) -> Any:
    """The node of a key's value; None where there is none."""
    for name, value in mapping.value if is_mapping(mapping) else ():
        if name.value == key:
            return value
    return None


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; of those at one place, the first comes first."""
    for edit in sorted(edits, key=lambda each: each.start)[::-1]:
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def sequence_edits(
    text: str,
    node: SequenceNode,
    replaced: Mapping[int, str],
    removed: Collection[int],
    appended: Sequence[Any],
) -> list[Edit]:
    """Replace items (strings) by their index, remove some, and append others of any shape."""
    items: list[Node] = node.value
    edits = [Edit(items[at].start_mark.index, _end(items[at]), _scalar(value, node)) for at, value in replaced.items()]
    edits += [_removal(text, node, at) for at in sorted(removed)]
    if appended:
        edits.append(_flow_append(node, appended) if node.flow_style else _block_append(text, node, appended))
    return edits


def key_added(text: str, node: MappingNode, key: str, value: Any) -> Edit:
    """One more key at the end of a mapping."""
    if node.flow_style:
        comma = ", " if node.value else ""
        at = node.end_mark.index - 1
        return Edit(at, at, f"{comma}{_json(key)}: {_json(value)}")
    return _after_line(text, _end(node), _block({key: value}, node.start_mark.column))


def key_removed(text: str, node: MappingNode, key: str) -> Edit | None:
    """A block mapping without a key; None where it is not there."""
    for name, value in node.value:
        if name.value == key:
            return Edit(_line_start(text, name.start_mark.index), _line_end(text, _end(value)), "")
    return None


def key_replaced(text: str, node: MappingNode, key: str, value: Any) -> list[Edit]:
    """Another value for a key, or the key with that value."""
    old = value_of(node, key)
    if old is None:
        return [key_added(text, node, key, value)]
    if node.flow_style:
        return [Edit(old.start_mark.index, _end(old), _json(value))]
    name = next(name for name, _value in node.value if name.value == key)
    start = _line_start(text, name.start_mark.index)
    lead = text[start : name.start_mark.index]
    # The first key of a list's item shares its line with the dash.
    body = lead + _block({key: value}, node.start_mark.column)[node.start_mark.column :]
    return [Edit(start, _line_end(text, _end(old)), body)]


def _end(node: Node) -> int:
    """Where a node's own text ends; PyYAML lets a block end at the next token, after comments."""
    if isinstance(node, (SequenceNode, MappingNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    return end


def _removal(text: str, node: SequenceNode, at: int) -> Edit:
    items = node.value
    item = items[at]
    if not node.flow_style:
        return Edit(_line_start(text, item.start_mark.index), _line_end(text, _end(item)), "")
    if at + 1 < len(items):
        return Edit(item.start_mark.index, items[at + 1].start_mark.index, "")
    return Edit(_end(items[at - 1]) if at else item.start_mark.index, _end(item), "")


def _flow_append(node: SequenceNode, values: Sequence[Any]) -> Edit:
    at = _end(node.value[-1]) if node.value else node.end_mark.index - 1
    return Edit(at, at, (", " if node.value else "") + ", ".join(_json(value) for value in values))


def _block_append(text: str, node: SequenceNode, values: Sequence[Any]) -> Edit:
    return _after_line(text, _end(node), _block(list(values), node.start_mark.column))


def _after_line(text: str, index: int, lines: str) -> Edit:
    at = _line_end(text, index)
    newline = "" if at == 0 or text[at - 1] == "\n" else "\n"
    return Edit(at, at, newline + lines)


def _block(value: Any, column: int) -> str:
    lines = dump(value).splitlines()
    return "".join(f"{' ' * column}{line}\n" for line in lines)


def _scalar(value: str, node: SequenceNode) -> str:
    if node.flow_style:
        return _json(value)
    return dump([value])[2:].rstrip("\n")


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    # A literal block ends at the start of the next line already.
    if index and text[index - 1] == "\n":
        return index
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _json(value: Any) -> str:
    # YAML does not read a pair of escapes as the one character that JSON means by it.
    return json.dumps(value, ensure_ascii=False)

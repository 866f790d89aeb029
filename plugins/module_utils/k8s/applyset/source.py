# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where definitions come from: the option `definitions`, and files and folders of YAML or JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

try:
    import yaml
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode
except ImportError:  # connection.require_kubernetes() says so: PyYAML comes with the library
    HAS_YAML = False
else:
    HAS_YAML = True

# A document that aliases blow up to more values than this is an attack; the largest real ones have a tenth.
MOST_VALUES = 1_000_000
# An etcd takes no object of half this size, and a file holds some hundreds of ordinary ones.
LARGEST_FILE = 64 * 1024 * 1024
_ENDINGS = (".yaml", ".yml", ".json")

Found = tuple[str, Any]


def given_definitions(value: Any) -> Iterator[Found]:
    """(where, definition) of the option `definitions`: a text of YAML documents, one object, or a list of either."""
    items = value if isinstance(value, list) else [value] if value is not None else []
    for number, item in enumerate(items):
        where = f"definitions[{number}]" if isinstance(value, list) else "definitions"
        if isinstance(item, str):
            yield from documents(item, where)
        else:
            yield where, item


def file_definitions(paths: Iterable[str]) -> Iterator[Found]:
    """(where, definition) of files, and of the files of folders by name; folders inside them are left alone."""
    for path in paths:
        for name in _files(path):
            yield from documents(_text(name), name)


def documents(text: str, where: str) -> Iterator[Found]:
    """(where, definition) of each document that is not empty. Raises K8sError where it is no YAML."""
    plain = _json(text)
    if plain is not None:
        yield where, plain
        return
    try:
        for number, node in enumerate(yaml.compose_all(text, Loader=_loader())):
            _refuse_explosion(node, where)
            value = _value(node)
            if value is not None:
                yield (f"{where}, document {number + 1}" if number else where), value
    except (yaml.YAMLError, RecursionError) as exc:
        raise K8sError(f"{where} is no YAML: {_place(exc)}") from exc


def _json(text: str) -> Any:
    """The one JSON document that a text may be: read fifty times as fast as YAML. None for all else."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    names = sorted(name for name in os.listdir(path) if name.endswith(_ENDINGS))
    if not names:
        raise K8sError(f"src: there is no file with the ending {', '.join(_ENDINGS)} in {path}")
    return [os.path.join(path, name) for name in names]


def _text(path: str) -> str:
    try:
        if os.path.getsize(path) > LARGEST_FILE:
            raise K8sError(f"src: {path} is larger than {LARGEST_FILE // 1024 // 1024} MiB")
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as exc:
        raise K8sError(f"src: {path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise K8sError(f"src: {path} is not UTF-8") from exc


def _loader() -> Any:
    """The C implementation is ten times as fast, where it is there."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _value(node: Any) -> Any:
    """The plain value of a node. A date stays the text that Kubernetes wants."""
    for scalar in _scalars(node):
        if scalar.tag == "tag:yaml.org,2002:timestamp":
            scalar.tag = "tag:yaml.org,2002:str"
    constructor = yaml.SafeLoader("")
    return constructor.construct_document(node)


def _scalars(root: Any) -> Iterator[Any]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ScalarNode):
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            waiting.extend(_children(node))


def _children(node: Any) -> list[Any]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _refuse_explosion(root: Any, where: str) -> None:
    """Count the values as if each alias were written out; one that contains itself is without end."""
    if _weight(root, {}, where) > MOST_VALUES:
        raise K8sError(f"{where} has more than {MOST_VALUES} values once its aliases are written out")


def _weight(node: Any, known: dict[int, int | None], where: str) -> int:
    if isinstance(node, ScalarNode):
        return 1
    if id(node) in known:
        weight = known[id(node)]
        if weight is None:
            raise K8sError(f"{where} has an alias that contains itself")
        return weight
    known[id(node)] = None
    total = 1 + sum(_weight(child, known, where) for child in _children(node))
    known[id(node)] = total
    return total


def _place(exc: Exception) -> str:
    """Line and column, and nothing of the text: it may hold a Secret."""
    mark = getattr(exc, "problem_mark", None)
    problem = getattr(exc, "problem", None) or type(exc).__name__
    return f"{problem} in line {mark.line + 1}, column {mark.column + 1}" if mark else str(problem)

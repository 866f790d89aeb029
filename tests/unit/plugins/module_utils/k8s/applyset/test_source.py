# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, folders and texts of YAML: what becomes of them, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset import source
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.source import (
    documents,
    file_definitions,
    given_definitions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi")
)


def test_documents_are_counted_and_empty_ones_left_out() -> None:
    """The number is the one that an editor would count."""
    assert list(documents("a: 1\n---\n---\nb: 2\n", "f")) == [("f", {"a": 1}), ("f, document 3", {"b": 2})]


@pytest.mark.parametrize(("text", "value"), [("2024-01-01", "2024-01-01"), ("yes", True), ("'1'", "1"), ("0x10", 16)])
def test_values_are_those_of_yaml_but_a_date_stays_a_text(text: str, value: object) -> None:
    """Kubernetes has no dates."""
    assert list(documents(f"a: {text}", "f")) == [("f", {"a": value})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_BOMB, "once its aliases are written out"),
        ("a: &a [*a]", "contains itself"),
        ("a: [", "f is no YAML"),
        ("a: !!python/object/apply:os.system [x]", "f is no YAML"),
        ("password: hunter2: x", "f is no YAML"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    """Without quoting the text, which may hold a Secret."""
    with pytest.raises(K8sError, match=message) as caught:
        list(documents(text, "f"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ['{"a": [1, "b"]}', "{a: [1, b]}", '  {"a": [1, "b"]}\n', '{"a": [1, "b"],}'])
def test_json_and_what_looks_like_it(text: str) -> None:
    """YAML is what JSON is not."""
    assert list(documents(text, "f")) == [("f", {"a": [1, "b"]})]


def test_an_alias_that_is_used_twice_is_fine() -> None:
    """It is counted as often as it is used."""
    assert list(documents("a: &a {b: 1}\nc: *a\n", "f")) == [("f", {"a": {"b": 1}, "c": {"b": 1}})]


def test_a_folder_is_read_by_name_and_not_below(tmp_path: Path) -> None:
    """Only the files whose names end as those of YAML and JSON."""
    for name in ("b.json", "a.yml", "c.yaml", "d.txt"):
        (tmp_path / name).write_text(f'{{"n": "{name}"}}')
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "e.yml").write_text("n: e")
    assert [item["n"] for _where, item in file_definitions([str(tmp_path)])] == ["a.yml", "b.json", "c.yaml"]


def test_a_source_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not there, empty, not UTF-8, too large."""
    (tmp_path / "latin.yml").write_bytes(b"a: \xe9")
    (tmp_path / "empty").mkdir()
    for name, message in {"none.yml": "cannot be read", "latin.yml": "not UTF-8", "empty": "there is no file"}.items():
        with pytest.raises(K8sError, match=message):
            list(file_definitions([str(tmp_path / name)]))
    monkeypatch.setattr(source, "LARGEST_FILE", 2)
    with pytest.raises(K8sError, match="is larger than"):
        list(file_definitions([str(tmp_path / "latin.yml")]))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ([], []),
        ({"a": 1}, [("definitions", {"a": 1})]),
        ("a: 1", [("definitions", {"a": 1})]),
        (
            ["a: 1\n---\nb: 2", {"c": 3}],
            [("definitions[0]", {"a": 1}), ("definitions[0], document 2", {"b": 2}), ("definitions[1]", {"c": 3})],
        ),
    ],
)
def test_the_option_takes_objects_texts_and_lists_of_them(value: object, expected: object) -> None:
    """Each with the place that a message can name."""
    assert list(given_definitions(value)) == expected

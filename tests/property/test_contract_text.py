"""Lines and blanks: a fault is only as good as the place that it names."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.contracts.extract_sql import without_texts
from gateway.contracts.marked_yaml import MarkedYaml, YamlPath, read_marked

SQL = st.text(alphabet="aF '\"-/*\n;$,.()", max_size=60)
KEYS = st.text(alphabet="abcdefgh", min_size=1, max_size=4)
TEXTS = st.text(alphabet="abc: #'\n", max_size=12)
TREES = st.recursive(
    TEXTS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(KEYS, inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


@given(SQL)
@settings(deadline=None, max_examples=50)
def test_blanking_keeps_every_character_in_its_place(sql):
    blanked = without_texts(sql)
    assert len(blanked) == len(sql)
    assert [i for i, c in enumerate(blanked) if c == "\n"] == [
        i for i, c in enumerate(sql) if c == "\n"
    ]
    assert all(new in (old, " ") for old, new in zip(sql, blanked, strict=True))


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
@settings(deadline=None, max_examples=50)
def test_every_key_is_on_the_line_that_is_told(tree):
    text = yaml.safe_dump(tree, default_flow_style=False, allow_unicode=True)
    marked = marked_of(text)
    assert marked.value == tree
    lines = text.splitlines()
    for path in paths(tree, ()):
        if isinstance(path[-1], str):
            assert f"{path[-1]}:" in lines[marked.line(path) - 1]
        assert marked.line((*path, "no such key")) == marked.line(path)


def marked_of(text: str) -> MarkedYaml:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.yaml"
        path.write_text(text, "utf-8")
        return read_marked(path)


def paths(value: Any, path: YamlPath) -> list[YamlPath]:
    """The path of every key and item."""
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    else:
        return []
    found: list[YamlPath] = []
    for part, child in children:
        found += [(*path, part), *paths(child, (*path, part))]
    return found

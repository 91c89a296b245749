from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from barstep.config.positions import Quoted
from barstep.config.yaml_source import read_text
from barstep.domain.errors import ConfigError


def fault(text):
    with pytest.raises(ConfigError) as caught:
        read_text(text, "f.yaml")
    return caught.value.problems[0]


def test_scalars_stay_text_and_only_plain_nulls_are_none():
    tree = read_text("a: 15:10\nb: no\nc: '5'\nd: ~\ne:\nf: null\ng: \"\"\nh: |\n  x\ni: 1e-3\nj: 010\n", "f").tree
    assert tree == {
        "a": "15:10",
        "b": "no",
        "c": "5",
        "d": None,
        "e": None,
        "f": None,
        "g": "",
        "h": "x\n",
        "i": "1e-3",
        "j": "010",
    }
    assert [key for key, value in tree.items() if isinstance(value, Quoted)] == ["c", "g", "h"]


def test_keys_are_text_too():
    assert read_text("on: {5: a, no: b}", "f").tree == {"on": {"5": "a", "no": "b"}}


def test_anchors_may_be_used_again():
    document = read_text("a: &x {b: 1}\nc: *x\n", "f")
    assert document.tree == {"a": {"b": "1"}, "c": {"b": "1"}}
    assert document.positions.where(("c", "b")) == "f:1:11"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "f.yaml:1:1: got an empty file, expected a mapping that starts with `version: 1`"),
        ("# nothing\n", "f.yaml:1:1: got an empty file, expected a mapping that starts with `version: 1`"),
        ("\n- a\n", "f.yaml:2:1: got a list, expected a mapping that starts with `version: 1`"),
        ("text", "f.yaml:1:1: got text, expected a mapping that starts with `version: 1`"),
        ("a:\n\tb: 1\n", "f.yaml:2:1: got a tab in the indentation, expected spaces"),
        ("a:\n  \tb: 1\n", "f.yaml:2:3: got a tab in the indentation, expected spaces"),
        ("a:\t1\n", "f.yaml:1:3: got a tab, expected a space"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: got a second document (---), expected one document in a file"),
        ("a: [1, 2\nb: 3\n", "f.yaml:1:4: got [ without its ], expected a closing ]"),
        ("a: {b: 1\nc: 3\n", "f.yaml:1:4: got { without its }, expected a closing }"),
        ("a: 'open\n", "f.yaml:1:4: got a quote that is never closed, expected a closing quote"),
        (
            "a: 1\nb:2\nc: 3\n",
            "f.yaml:2:1: got text without a colon, expected `key: value` with a blank after the colon",
        ),
        ("a: b: c\n", "f.yaml:1:5: got a second colon, expected one `key: value` here: check the indentation"),
        (
            "a:\n    b: 1\n   c: 2\n",
            "f.yaml:3:4: got a line that fits no level, expected the same indentation as its neighbours",
        ),
        ("a: !!int 5\n", "f.yaml:1:4: got the tag tag:yaml.org,2002:int, expected the value without a tag"),
        ("a: !custom {}\n", "f.yaml:1:4: got the tag !custom, expected the value without a tag"),
        (
            "a: !!python/object/apply:os.system [x]\n",
            "f.yaml:1:4: got the tag tag:yaml.org,2002:python/object/apply:os.system, expected the value without a tag",
        ),
        (
            "a: *.csv\n",
            "f.yaml:1:4: got text that starts with *, expected quotes around it",
        ),
        ("a: @b\n", "f.yaml:1:4: got character '@' that cannot start any token, expected text in quotes"),
        (
            "a: *b\n",
            "f.yaml:1:4: got undefined alias 'b', expected a known anchor; text that starts with * needs quotes",
        ),
        (
            "a: {b: ${C}}\n",
            'f.yaml:1:9: got ${ inside braces or brackets, expected quotes around the value: "${NAME}"',
        ),
        ("a: \x01\n", "f.yaml:1:4: got the character #x0001, expected printable text"),
        ("a: " + "[" * 2000, "f.yaml:1:53: got values nested more than 50 deep, expected fewer levels"),
    ],
)
def test_what_is_refused(text, line):
    assert fault(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: got the key a twice (lines 1 and 3), expected it once"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "f.yaml:3:3: got the merge key <<, expected each key to be written out"),
        ("? [a, b]\n: c\n", "f.yaml:1:3: got a key that is no name, expected text before the colon"),
        ("~: c\n", "f.yaml:1:1: got a key that is no name, expected text before the colon"),
    ],
)
def test_faults_that_do_not_stop_the_reading(text, line):
    assert read_text(text, "f.yaml").problems == [line]


def test_nested_aliases_cannot_fill_the_memory():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "got more than 100 copies through aliases, expected fewer aliases" in fault("\n".join(levels))
    assert "expected fewer" in fault("a: &x [*x]\n")


TREES = st.recursive(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=8).map(
        lambda text: "".join(character for character in text if character.isprintable())
    ),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.from_regex(r"\A[a-z]{1,5}\Z"), children, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.from_regex(r"\A[a-z]{1,5}\Z"), TREES, min_size=1, max_size=4))
def test_any_yaml_of_text_is_read_as_written(tree):
    document = read_text(yaml.safe_dump(tree), "f")
    assert (document.tree, document.problems) == (tree, [])


@given(st.text(max_size=60))
def test_no_text_gives_a_traceback(text):
    try:
        read_text(text, "f")
    except ConfigError as error:
        assert all(line.startswith("f:") and ", expected " in line for line in error.problems)  # noqa: PT017

"""PyYAML's errors in words that say what to type instead."""

from __future__ import annotations

import yaml
from yaml.reader import ReaderError

# What PyYAML says -> what was found, what was expected, and whether the opening place says more.
_WORDS = (
    ("found the tag", "{problem}", "the value without a tag", False),
    ("found deep nesting", "values nested more than 50 deep", "fewer levels", False),
    ("found too many aliases", "more than 100 copies through aliases", "fewer aliases", False),
    ("while scanning an alias", "text that starts with *", "quotes around it", True),
    ("while scanning an anchor", "text that starts with &", "quotes around it", True),
    ("found undefined alias", "{problem}", "a known anchor; text that starts with * needs quotes", False),
    ("found duplicate anchor", "{problem}", "another name for one of them", False),
    ("but found another document", "a second document (---)", "one document in a file", False),
    ("expected ',' or ']'", "[ without its ]", "a closing ]", True),
    ("expected ',' or '}'", "{ without its }", "a closing }", True),
    ("unexpected end of stream", "a quote that is never closed", "a closing quote", True),
    (
        "could not find expected ':'",
        "text without a colon",
        "`key: value` with a blank after the colon",
        True,
    ),
    (
        "mapping values are not allowed",
        "a second colon",
        "one `key: value` here: check the indentation",
        False,
    ),
    ("expected <block end>", "a line that fits no level", "the same indentation as its neighbours", False),
    ("'\\t'", "a tab", "a space", False),
    ("cannot start any token", "{problem}", "text in quotes", False),
)


def explain(fault: yaml.YAMLError, text: str, file: str) -> str:
    """One line `file:line:col: got X, expected Y` for an error of PyYAML in a text."""
    if isinstance(fault, ReaderError):
        before = text[: fault.position]
        place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        return f"{file}:{place}: got the character #x{ord(text[fault.position]):04x}, expected printable text"
    if not isinstance(fault, yaml.MarkedYAMLError):
        return f"{file}:1:1: got {fault}, expected YAML"
    problem = f"{fault.problem or ''} {fault.context or ''}"
    found_at = mark = fault.problem_mark or fault.context_mark
    got, expected = (fault.problem or "text").strip(), "YAML"
    for words, found, wanted, opening in _WORDS:
        if words in problem:
            got, expected = found.replace("{problem}", got.removeprefix("found ")), wanted
            mark = fault.context_mark if opening and fault.context_mark else mark
            break
    if found_at and "but got '{'" in problem and text[max(found_at.index - 1, 0)] == "$":
        mark = found_at
        got, expected = "${ inside braces or brackets", 'quotes around the value: "${NAME}"'
    place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
    return f"{file}:{place}: got {got}, expected {expected}"

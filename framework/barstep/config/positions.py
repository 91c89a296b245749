"""Where each key of a configuration was written, and how a fault is put into one line."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
"""The way to a value: `("strategies", 0, "options", "fast")`."""

_PLACE = re.compile(r"^.*?:(\d+):(\d+)[: ]")
_LONGEST = 60  # characters of a value that a message repeats


class Quoted(str):
    """Text written in quotes or as a block: never null, and text wherever a type leaves the choice."""

    __slots__ = ()


def path_text(path: Path) -> str:
    """A path as a person writes it: `strategies[0].options.fast`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def near(word: str, names: Iterable[str]) -> str:
    """The hint `did you mean X?` for the name closest to a word, or an empty text."""
    by_lower = {name.lower(): name for name in names}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"did you mean {by_lower[found[0]]}?" if found else ""


def in_order(lines: Iterable[str]) -> list[str]:
    """Faults by their line in the file; those without a place (`--set`, Python callers) come last."""

    def place(line: str) -> tuple[int, int, int]:
        match = _PLACE.match(line)
        return (0, int(match[1]), int(match[2])) if match else (1, 0, 0)

    return sorted(dict.fromkeys(lines), key=place)


@dataclass(frozen=True, slots=True)
class Mark:
    """Line and column, from 1, of a key and of its value; the same place twice for an entry of a list."""

    key: tuple[int, int]
    value: tuple[int, int]


@dataclass(slots=True)
class Positions:
    """The places of one document.

    Attributes:
        file: The file's name as the caller gave it; empty for a mapping made in Python.
        marks: Places by path.
        overrides: The `--set a.b=1` that gave a value, by path.
        environment: The text with `${NAME}` as written, by path, for every value read from the environment.
        unset: Paths whose environment variable does not exist; they have their own fault already.
    """

    file: str = ""
    marks: dict[Path, Mark] = field(default_factory=dict)
    overrides: dict[Path, str] = field(default_factory=dict)
    environment: dict[Path, str] = field(default_factory=dict)
    unset: set[Path] = field(default_factory=set)

    def where(self, path: Path, *, key: bool = False) -> str:
        """`file:line:col` of a value or of its key, or of the nearest parent; `--set ...` if overridden."""
        for length in range(len(path), -1, -1):
            known = path[:length]
            if known in self.overrides:
                return self.overrides[known]
            if known in self.marks:
                mark = self.marks[known]
                line, column = mark.key if key or length < len(path) else mark.value
                return f"{self.file}:{line}:{column}"
        return self.file

    def replace(self, path: Path, override: str) -> None:
        """Forget the places at and below a path: an override gave it a new value."""
        self.marks = {known: mark for known, mark in self.marks.items() if known[: len(path)] != path}
        self.overrides = {known: text for known, text in self.overrides.items() if known[: len(path)] != path}
        self.overrides[path] = override

    def shown(self, path: Path, value: Any) -> str:
        """A value as a message may repeat it: short, and never what the environment holds."""
        if path in self.environment:
            return self.environment[path]
        if value is None:
            return "nothing"
        if isinstance(value, dict):
            return "a mapping"
        if isinstance(value, list | tuple):
            return "a list"
        if isinstance(value, bool):
            return str(value).lower()
        text = str(value)
        if isinstance(value, Quoted) or not text or not text.isprintable() or ", " in text:
            text = json.dumps(text, ensure_ascii=False)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

    def line(self, path: Path, got: str, expected: str, hint: str = "", *, key: bool = False) -> str:
        """One fault: `file:line:col key.path: got X, expected Y; did you mean Z?`."""
        place = " ".join(part for part in (self.where(path, key=key), path_text(path)) if part)
        tail = f"; {hint}" if hint else ""
        return f"{place}{': ' if place else ''}got {got}, expected {expected}{tail}"

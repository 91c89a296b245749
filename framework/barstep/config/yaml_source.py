"""YAML files as trees of text with the place of every key: nothing is guessed and no object is built.

PyYAML's composer gives nodes with marks; the types of the schema decide later what the text means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from barstep.config.positions import Mark, Path, Positions, Quoted, near
from barstep.config.yaml_faults import explain
from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path as FilePath

NULLS = ("", "~", "null", "Null", "NULL")
"""Plain scalars that mean nothing was given."""

_MOST_REPEATS = 100  # copies that aliases may make of anchored values: a bound on nested anchors, too
_DEEPEST = 50


@dataclass(slots=True)
class Document:
    """A configuration as written.

    Attributes:
        tree: Mappings, lists, text and None; text that was quoted is `Quoted`.
        positions: Where everything was written.
        problems: Faults that did not stop the reading, such as a key given twice.
    """

    tree: dict[str, Any]
    positions: Positions
    problems: list[str] = field(default_factory=list)


class _Composer(yaml.SafeLoader):
    """Composes nodes only; refuses explicit tags and deep nesting before they cost anything."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            raise yaml.MarkedYAMLError(problem=f"found the tag {tag}", problem_mark=event.start_mark)
        if self.depth >= _DEEPEST:
            raise yaml.MarkedYAMLError(problem="found deep nesting", problem_mark=event.start_mark)
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Tree:
    """Turns composed nodes into the tree and notes places and faults on the way."""

    def __init__(self, file: str) -> None:
        self.positions, self.problems = Positions(file), list[str]()
        self.seen, self.repeats = set[int](), 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        if len(path) > _DEEPEST:
            raise yaml.MarkedYAMLError(problem="found deep nesting", problem_mark=node.start_mark)
        if id(node) in self.seen:
            self.repeats += 1
            if self.repeats > _MOST_REPEATS:
                raise yaml.MarkedYAMLError(problem="found too many aliases", problem_mark=node.start_mark)
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.positions.marks[*path, index] = Mark(_place(item), _place(item))
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if getattr(node, "style", None) is None:
            return None if node.value in NULLS else str(node.value)
        return Quoted(node.value)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            line, column = _place(key_node)
            here = f"{self.positions.file}:{line}:{column}"
            if not isinstance(key_node, yaml.ScalarNode) or (key_node.style is None and key in NULLS):
                self.problems.append(f"{here}: got a key that is no name, expected text before the colon")
            elif key_node.style is None and key == "<<":
                self.problems.append(f"{here}: got the merge key <<, expected each key to be written out")
            elif key in tree:
                first = self.positions.marks[*path, key].key[0]
                self.problems.append(f"{here}: got the key {key} twice (lines {first} and {line}), expected it once")
            else:
                self.positions.marks[*path, key] = Mark((line, column), _place(value_node))
                tree[key] = self.value(value_node, (*path, key))
        return tree


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _tabs(text: str, file: str) -> list[str]:
    faults = []
    for number, line in enumerate(text.split("\n"), 1):
        indentation = line[: len(line) - len(line.lstrip())]
        if "\t" in indentation and line.strip():
            column = indentation.index("\t") + 1
            faults.append(f"{file}:{number}:{column}: got a tab in the indentation, expected spaces")
    return faults


def compose(text: str, file: str) -> tuple[Any, _Tree]:
    """The tree of a YAML text and what was noted while it was made.

    Raises:
        ConfigError: The text is not YAML, or uses what is refused here.
    """
    notes = _Tree(file)
    try:
        loader = _Composer(text)
        node = loader.get_single_node()
        tree = None if node is None else notes.value(node, ())
    except yaml.YAMLError as fault:
        raise ConfigError(explain(fault, text, file)) from None
    if node is not None:
        notes.positions.marks[()] = Mark(_place(node), _place(node))
    return tree, notes


def read_text(text: str, file: str) -> Document:
    """Read a YAML text whose top level is a mapping.

    Args:
        text: The YAML text.
        file: The name that messages show.

    Raises:
        ConfigError: Not YAML, empty, not a mapping, or something refused: tabs in the indentation, tags, several
            documents, more than 100 copies through aliases, nesting deeper than 50.
    """
    if faults := _tabs(text, file):
        raise ConfigError(faults)
    tree, notes = compose(text, file)
    if tree is None:
        raise ConfigError(f"{file}:1:1: got an empty file, expected a mapping that starts with `version: 1`")
    if not isinstance(tree, dict):
        what = "a list" if isinstance(tree, list) else "text"
        raise ConfigError(f"{notes.positions.where(())}: got {what}, expected a mapping that starts with `version: 1`")
    return Document(tree, notes.positions, notes.problems)


def read_file(path: FilePath) -> Document:
    """Read a YAML file; messages show the path as given.

    Raises:
        ConfigError: As `read_text`; or the file does not exist, cannot be opened, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".py":
            raise ConfigError(
                f"{path}: got a Python file, expected a run's YAML file; a playground script is run by "
                f"`barstep script {path}`, a strategy is named under strategies: of a run file"
            )
    except FileNotFoundError:
        raise ConfigError(_missing(path)) from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: got a folder, expected a YAML file") from None
    except OSError as fault:
        raise ConfigError(f"{path}: got {fault.strerror}, expected a readable file") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        column = fault.start - (content.rfind(b"\n", 0, fault.start) + 1) + 1
        raise ConfigError(
            f"{path}:{line}:{column}: got a byte that is not UTF-8, expected a file saved as UTF-8"
        ) from None
    return read_text(text, str(path))


def _missing(path: FilePath) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"{path}: got no such file, expected a YAML file; the folder {folder} does not exist"
    names = sorted(entry.name for entry in folder.iterdir() if entry.suffix in (".yaml", ".yml"))
    hint = near(path.name, names)
    return f"{path}: got no such file, expected a YAML file{f'; {hint}' if hint else ''}"

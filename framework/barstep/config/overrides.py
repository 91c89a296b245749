"""`--set a.b=1`: one value of a document replaced from the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from barstep.config.positions import Path, near, path_text
from barstep.config.schema import RunConfig
from barstep.config.yaml_source import NULLS, Document, compose
from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECTIONS = ("strategies", "risk", "observers", "metrics")
"""Keys whose lists name plugins."""

_SINGLE = {"fees": ("account", "fees"), "slippage": ("fills", "slippage"), "source": ("data", "source")}
"""Other places that may name one, by section."""

_PART = re.compile(r"([^.\[\]]+)|\[([0-9]{1,6})\]")
_SECRETS = (("broker", "token"),)


@dataclass(frozen=True, slots=True)
class PluginEntry:
    """One place that names a plugin and is well formed, also where the rest of the file is not.

    Attributes:
        section: `strategies`, `risk`, `observers`, `metrics`, `fees`, `slippage` or `source`.
        path: `("strategies", 0)`, `("account", "fees")`, `("data", 1, "source")`.
        use: What the entry names.
        options: The raw options.
    """

    section: str
    path: Path
    use: str
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """The plugin's short name: `my_rule` for `rules/my_rule.py:MyRule`."""
        return PurePath(self.use.split(".py:")[0]).stem if ".py" in self.use else self.use


class _BadOverrideError(Exception):
    """Says what is wrong with one override."""


def plugin_entries(tree: dict[str, Any]) -> list[PluginEntry]:
    """The entries of a tree that have a `use` text and options that are a mapping, or none."""
    entries = []
    for section, path, entry in _places(tree):
        if not isinstance(entry, dict) or not isinstance(entry.get("use"), str):
            continue
        options = entry.get("options")
        if options is None or isinstance(options, dict):
            entries.append(PluginEntry(section, path, entry["use"], options or {}))
    return entries


def _places(tree: dict[str, Any]) -> Iterator[tuple[str, Path, Any]]:
    """Every place of a tree that may name a plugin: its section, its path and what stands there."""
    for section in SECTIONS:
        listed = tree.get(section)
        for index, entry in enumerate(listed if isinstance(listed, list) else ()):
            yield section, (section, index), entry
    for section, (key, name) in _SINGLE.items():
        held = tree.get(key)
        for index, part in enumerate(held if isinstance(held, list) else [held]):
            entry = part.get(name) if isinstance(part, dict) else None
            if isinstance(entry, dict) and entry.get("kind", "plugin") == "plugin":
                yield section, (key, index, name) if isinstance(held, list) else (key, name), entry


def apply_overrides(document: Document, overrides: Sequence[str]) -> list[str]:
    """Put overrides into a document, later ones last; returns one line for each that is wrong.

    An override is `path=value`. The path is a key path (`account.balance`, `strategies[0].options.fast`), or it
    starts with a plugin's name, with its section (`risk.max_position.contracts`) or without
    (`sma_crossover.fast`). The value is text, or YAML where it starts with `[`, `{` or a quote.
    """
    lines = []
    for override in overrides:
        target, equals, text = override.partition("=")
        label = f"--set {override}"
        try:
            if not equals or not target:
                raise _BadOverrideError(f"got {override or 'nothing'}, expected key=value")
            path = _path(target.strip(), document.tree)
            if any(secret[: len(path)] == path for secret in _SECRETS):
                label = f"--set {target}=***"
            value = _value(text.strip())
            _put(document.tree, path, value)
        except _BadOverrideError as fault:
            lines.append(f"{label}: {fault}")
        else:
            document.positions.replace(path, label)
    return lines


def target_path(target: str, tree: dict[str, Any]) -> Path:
    """The path in a tree that `sma_crossover.fast`, `data.instrument` and the like stand for.

    Raises:
        ConfigError: There is no such key or plugin; the message has no place.
    """
    try:
        return _path(target, tree)
    except _BadOverrideError as fault:
        raise ConfigError(str(fault)) from None


def put_value(document: Document, path: Path, value: Any, place: str) -> None:
    """Put a value at a path of a document; `place` is where it was written, for messages.

    Raises:
        ConfigError: The path leads through a single value; the message has no place.
    """
    try:
        _put(document.tree, path, value)
    except _BadOverrideError as fault:
        raise ConfigError(str(fault)) from None
    document.positions.replace(path, place)


def _value(text: str) -> Any:
    if text[:1] in tuple("[{\"'"):
        try:
            tree, notes = compose(text, "")
        except ConfigError as fault:
            raise _BadOverrideError(fault.problems[0].split(": ", 1)[1]) from None
        if notes.problems:
            raise _BadOverrideError(notes.problems[0].split(": ", 1)[1])
        return tree
    return None if text in NULLS else text


def _path(target: str, tree: dict[str, Any]) -> Path:
    parts: Path = tuple(name or int(index) for name, index in _PART.findall(target))
    if not parts or path_text(parts) != target:
        raise _BadOverrideError(f"got {target}, expected a path such as account.balance or sma_crossover.fast")
    entries, names = plugin_entries(tree), list(RunConfig.model_fields)
    if parts[0] in names:
        if parts[0] not in SECTIONS or len(parts) == 1 or isinstance(parts[1], int):
            return parts
        entries, names = [entry for entry in entries if entry.section == parts[0]], []
        parts = parts[1:]
    found = [entry for entry in entries if entry.name == parts[0]]
    if len(found) > 1:
        places = " or ".join(path_text(entry.path) for entry in found)
        raise _BadOverrideError(f"got {parts[0]}, which is used more than once, expected {places}")
    if found and len(parts) == 1:
        raise _BadOverrideError(f"got {parts[0]} alone, expected one of its options, such as {parts[0]}.size")
    if found:
        middle = () if parts[1] == "options" else ("options",)
        return (*found[0].path, *middle, *parts[1:])
    names = [*dict.fromkeys(entry.name for entry in entries), *names]
    if not names:
        raise _BadOverrideError(f"got {target}, but {target.split('.', maxsplit=1)[0]} lists no plugins in this file")
    hint = near(str(parts[0]), names)
    raise _BadOverrideError(
        f"got {parts[0]}, expected one of {', '.join(names) or 'none'}{f'; {hint}' if hint else ''}"
    )


def _put(tree: Any, path: Path, value: Any) -> None:
    for depth, part in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(tree, dict) and isinstance(part, str):
            if last:
                tree[part] = value
            elif tree.get(part) is None:
                tree[part] = {}
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            if last:
                tree[part] = value
        else:
            what = f"a list of {len(tree)}" if isinstance(tree, list) else "a single value"
            if isinstance(tree, dict):
                what = "a mapping"
            place = path_text(path[:depth])
            raise _BadOverrideError(f"got {path_text(path[: depth + 1])}, but {place} is {what}, expected a key in it")
        tree = tree[part]

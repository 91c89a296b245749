"""Addresses on other machines in the text of a script: one with a header of its own would trade there, not in its run."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from barstep.domain.errors import ConfigError
from barstep.runs.script_source import is_environ, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_ADDRESS = re.compile(r"\s*https?://", re.IGNORECASE)
_READS = ("get", "setdefault", "pop")
_MADE = (ast.JoinedStr, ast.BinOp)  # f"http://{host}", "http://" + host


def remote_options(options: Mapping[str, str]) -> tuple[str, ...]:
    """The options of a script that are addresses on other machines, `option NAME=https://...`."""
    return tuple(f"option {name}={text}" for name, text in options.items() if _is_remote(text, made=False))


def remote_addresses(file: Path, tree: ast.Module, ours: frozenset[str]) -> tuple[str, ...]:
    """Literals that begin an http(s) address on another machine, `file.py:12: https://...`; imported neighbours count.

    What only stands in for an environment variable that the run sets (`ours`) does not count, for it is not used; neither
    do texts that are values of nothing, such as docstrings. An address whose host is put together while the script runs
    counts, as nobody can tell where it leads.
    """
    found: list[str] = []
    seen, waiting = {file}, [(file, tree)]
    while waiting:
        path, module = waiting.pop(0)
        for node, made in _texts(module, ours, made=False):
            if _is_remote(str(node.value), made=made):
                found.append(f"{path}:{node.lineno}: {str(node.value).strip()}")
        for neighbour in _neighbours(path, module):
            if neighbour not in seen:
                seen.add(neighbour)
                try:
                    waiting.append((neighbour, parse(neighbour)[0]))
                except ConfigError:
                    continue  # Python tells it when it is imported
    return tuple(found)


def _texts(node: ast.AST, ours: frozenset[str], *, made: bool) -> Iterator[tuple[ast.Constant, bool]]:
    """Literal texts, and whether each is the beginning of one that is put together."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node, made
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and _read_of(node.values[0]) in ours:
        return
    if _read_of(node) in ours:
        return
    inside = isinstance(node, _MADE) or (isinstance(node, ast.Attribute) and node.attr == "format")
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, ours, made=inside)


def _read_of(node: ast.AST) -> str:
    """The environment variable that an expression reads, or nothing."""
    key: ast.expr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        key, owner = node.args[0], node.func
        if not (owner.attr == "getenv" or (owner.attr in _READS and is_environ(owner.value))):
            return ""
    elif isinstance(node, ast.Subscript) and is_environ(node.value) and isinstance(node.ctx, ast.Load):
        key = node.slice
    else:
        return ""
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _is_remote(text: str, *, made: bool) -> bool:
    if not _ADDRESS.match(text):
        return False
    try:
        host = urlsplit(text.strip()).hostname
    except ValueError:
        return True
    return host not in _LOOPBACK if host else made


def _neighbours(path: Path, tree: ast.Module) -> Iterator[Path]:
    """Files beside a script that it imports."""
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            base = path.parent.joinpath(*name.split("."))
            yield from (file for file in (base.with_suffix(".py"), base / "__init__.py") if name and file.is_file())

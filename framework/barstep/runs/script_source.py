"""What the syntax tree of a Python file tells about it as a script; nothing of it is executed."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from barstep.broker.helpers import GLOBALS, HELPERS
from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKS = frozenset(("Strategy", "RiskRule", "Observer", "hookimpl"))
"""Names of barstep that make a file a plugin file."""

_DEFINITIONS = (
    ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign, ast.AnnAssign, ast.Pass
)  # fmt: skip
_OWN_ENVIRONMENT = re.compile("TESTMAX_[A-Z_]+|API_URL")


def parse(file: Path) -> tuple[ast.Module, bytes]:
    """The syntax tree of a Python file and its bytes; a ConfigError names the line of what is not Python."""
    try:
        source = file.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python warns about is not what was asked for here
            tree = ast.parse(source, str(file))
            compile(source, str(file), "exec", dont_inherit=True)  # finds what parsing does not, such as a stray return
        return tree, source
    except SyntaxError as error:
        place = f"{file}:{error.lineno}" if error.lineno else str(file)
        line = f": {error.text.strip()}" if error.text and error.text.strip() else ""
        raise ConfigError(f"{place}: this is not Python: {error.msg}{line}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"{file}: this is not Python: {error}") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror or error}") from error


def is_plugin_file(tree: ast.Module) -> bool:
    """Whether a file uses what barstep has for plugins, or only defines classes that may inherit it from elsewhere."""
    modules, names = {"barstep"}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "barstep":
            if any(name.name in MARKS for name in node.names):
                return True
        elif isinstance(node, ast.Import):
            modules |= {name.asname for name in node.names if name.name == "barstep" and name.asname}
        elif isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and node.attr in MARKS and getattr(node.value, "id", "") in modules:
            return True
    heirs = any(isinstance(node, ast.ClassDef) and node.bases for node in tree.body)
    return heirs and names.isdisjoint((*HELPERS, *GLOBALS)) and all(map(_defines, tree.body))


def _defines(node: ast.stmt) -> bool:
    """Whether a statement at the top of a file does nothing but define."""
    if isinstance(node, ast.If):
        return all(map(_defines, (*node.body, *node.orelse)))
    return isinstance(node, _DEFINITIONS) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def calls_helpers(tree: ast.Module) -> bool:
    """Whether a file names a helper function of scripts."""
    return any(isinstance(node, ast.Name) and node.id in HELPERS for node in ast.walk(tree))


def has_own_header(tree: ast.Module) -> bool:
    """Whether a script defines `api`, or reads API_URL or TESTMAX_*: it wants to connect to a gateway itself."""
    for node in _top_level(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "api":
            return True
        if isinstance(node, ast.Import | ast.ImportFrom) and any((n.asname or n.name) == "api" for n in node.names):
            return True
        if any(isinstance(target, ast.Name) and target.id == "api" for target in _targets(node)):
            return True
    return any(
        (isinstance(part, ast.Constant) and isinstance(part.value, str) and _OWN_ENVIRONMENT.fullmatch(part.value))
        or (isinstance(part, ast.Name) and part.id == "API_URL" and isinstance(part.ctx, ast.Load))
        for part in ast.walk(tree)
    )


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, also those inside if, try, with and loops, but not inside functions and classes."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(node, name, []))
            for handler in getattr(node, "handlers", []):
                yield from _top_level(handler.body)


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) and node.value is not None else []


def mentions(tree: ast.Module, text: str) -> bool:
    """Whether a text stands at the end of some literal of the file."""
    return any(
        isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(text)
        for node in ast.walk(tree)
    )


def variables_read(tree: ast.Module) -> frozenset[str]:
    """Names in `os.environ.get("X")`, `os.environ["X"]` and `os.getenv("X")`, and their like."""
    found = set()
    for node in ast.walk(tree):
        key: ast.expr
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, key = node.func, node.args[0]
            environment = owner.attr == "getenv" or (owner.attr == "get" and is_environ(owner.value))
        elif isinstance(node, ast.Subscript):
            key, environment = node.slice, is_environ(node.value)
        else:
            continue
        if environment and isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
    return frozenset(found)


def is_environ(node: ast.expr) -> bool:
    """Whether an expression is `os.environ`."""
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (
        isinstance(node, ast.Name) and node.id == "environ"
    )


def all_bars_for_zero(tree: ast.Module) -> None:
    """`MAX_BARS = 0`, wherever it stands in a script, means all bars, as in the templates (gateway API, 12.3)."""
    _AllBars().visit(tree)


class _AllBars(ast.NodeTransformer):
    """Adds `MAX_BARS = MAX_BARS or TOTAL_BARS` to each assignment of MAX_BARS, in its line."""

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        return self._with_total(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        return self._with_total(node)

    def _with_total(self, node: ast.Assign | ast.AnnAssign) -> list[ast.stmt]:
        if not any(isinstance(target, ast.Name) and target.id == "MAX_BARS" for target in _targets(node)):
            return [node]
        added = ast.parse("MAX_BARS = MAX_BARS or TOTAL_BARS").body[0]
        for part in ast.walk(added):
            if isinstance(part, ast.stmt | ast.expr):
                ast.copy_location(part, node)
        return [node, added]

"""`${NAME}` in values: read from the environment, remembered as written."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from barstep.config.positions import Path, Positions, Quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"
"""Pattern of one reference to the environment."""

_REFERENCE = re.compile(r"\$\{([^}]*)\}?")


def resolve(tree: Any, positions: Positions, environ: Mapping[str, str] | None = None) -> tuple[Any, list[str]]:
    """A copy of a tree with every `${NAME}` replaced.

    Args:
        tree: Mappings, lists and scalars; keys are left alone.
        positions: Gets `environment` (what was written, by path) and `unset`.
        environ: Variables by name, the process's own by default.

    Returns:
        The copy, and one line for each variable that does not exist or is not a name.
    """
    problems: list[str] = []
    variables = os.environ if environ is None else environ

    def text(raw: str, path: Path) -> str:
        if "${" not in raw:
            return raw
        positions.environment[path] = raw
        for match in _REFERENCE.finditer(raw):
            if not re.fullmatch(NAME, match[0]):
                problems.append(positions.line(path, match[0], "a variable such as ${BARSTEP_TOKEN}"))
            elif match[1] not in variables:
                problems.append(positions.line(path, match[0], f"the environment variable {match[1]} to be set"))
            else:
                continue
            positions.unset.add(path)
        resolved = _REFERENCE.sub(lambda match: variables.get(match[1], match[0]), raw)
        return Quoted(resolved) if isinstance(raw, Quoted) else resolved

    def walk(node: Any, path: Path) -> Any:
        if isinstance(node, dict):
            return {key: walk(value, (*path, key)) for key, value in node.items()}
        if isinstance(node, list):
            return [walk(value, (*path, index)) for index, value in enumerate(node)]
        return text(node, path) if isinstance(node, str) else node

    return walk(tree, ()), problems

"""Options of plugins: the YAML's text against the fields that a plugin declares."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from barstep.config.problems import refused_lines, unknown_key
from barstep.config.reading import RefusedError, describe, read
from barstep.domain.option import MISSING, OptionField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from barstep.config.positions import Path, Positions


def validate_options(
    fields: Sequence[OptionField],
    raw: Mapping[str, object],
    path: Path,
    positions: Positions,
    plugin: str,
) -> tuple[dict[str, object], list[str]]:
    """Read a plugin's options by the types and bounds that it declares.

    Args:
        fields: The declared options.
        raw: Values by name: text from YAML, or objects of the right type from Python.
        path: Where the options lie: `("strategies", 0, "options")`.
        positions: Places of the document, `Positions()` for none.
        plugin: The plugin's name, for messages.

    Returns:
        Values by option name, defaults included, and one line for each fault; the values are incomplete where
        there are faults.
    """
    values: dict[str, object] = {}
    known = {field.name: field for field in fields}
    lines = [
        unknown_key((*path, name), list(known), positions, f"option of {plugin}") for name in raw if name not in known
    ]
    for name, field in known.items():
        if name not in raw:
            if field.spec.default is MISSING:
                what = describe(field.type, field.spec) + (f" ({field.spec.help})" if field.spec.help else "")
                lines.append(positions.line((*path, name), "nothing", f"{what}: {plugin} needs this option"))
            else:
                values[name] = deepcopy(field.spec.default)
            continue
        value: Any = raw[name]
        try:
            values[name] = read(field.type, value, field.spec)
        except RefusedError as refused:
            lines += refused_lines(refused, (*path, name), value, positions)
        except TypeError as fault:
            expected = f"an option of a type such as int, float, bool or str: {plugin} declares {name}, but {fault}"
            lines.append(positions.line((*path, name), positions.shown((*path, name), value), expected))
    return values, lines

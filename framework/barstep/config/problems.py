"""Faults that pydantic or our reading found, as lines with their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from barstep.config.grid_schema import RangeConfig
from barstep.config.instrument_schema import InlineInstrument, PackagedInstrument
from barstep.config.plugin_schema import PluginConfig
from barstep.config.positions import Path, Positions, near
from barstep.config.reading import RefusedError
from barstep.config.schema import RunConfig
from barstep.config.source_schema import (
    FileSource,
    GatewaySource,
    PluginSource,
    SampleSource,
    StoreSource,
    SyntheticSource,
)

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

# Pydantic puts the chosen model of a union into an error's location, by these tags.
_MODELS = (
    PackagedInstrument, InlineInstrument, FileSource, SyntheticSource, SampleSource, GatewaySource, StoreSource,
    PluginSource, PluginConfig, RangeConfig,
)  # fmt: skip
_TAGS: dict[str | int, type[BaseModel]] = {
    "<amount>": BaseModel,
    "<values>": BaseModel,
    **{f"<{model.__name__}>": model for model in _MODELS},
}


def refused_lines(refused: RefusedError, path: Path, raw: Any, positions: Positions) -> list[str]:
    """Lines for a refused value; none where an environment variable is missing, which has its own line."""
    lines = []
    for one in refused.several:
        at = (*path, *one.at)
        if not positions.unset.isdisjoint(at[:length] for length in range(len(at) + 1)):
            continue
        value = value_at(raw, one.at)
        # A hint may repeat the value, and the environment's values stay hidden.
        hint = "" if at in positions.environment else one.hint
        lines.append(positions.line(at, one.got or positions.shown(at, value), one.expected, hint))
    return lines


def value_at(tree: Any, path: Path) -> Any:
    """The value at a path below a tree, or None where the tree ends before."""
    for part in path:
        if isinstance(tree, dict):
            tree = tree.get(part)
        elif isinstance(tree, list | tuple) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            return None
    return tree


def schema_lines(
    error: ValidationError, tree: dict[str, Any], positions: Positions, root: type[BaseModel] = RunConfig
) -> list[str]:
    """One line for each error of a schema, the run's or another whose model is `root`."""
    lines = []
    for detail in error.errors(include_url=False):
        path = _path(detail["loc"], tree)
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, RefusedError):
            lines += refused_lines(cause, path, value_at(tree, path), positions)
        elif detail["type"] == "extra_forbidden":
            lines.append(unknown_key(path, names_of(_model_at(detail["loc"][:-1], root)), positions, root=root))
        else:
            got = "nothing" if detail["type"] == "missing" else positions.shown(path, value_at(tree, path))
            lines.append(positions.line(path, got, *_expected(detail, root)))
    return lines


def names_of(model: type[BaseModel]) -> list[str]:
    """The keys of a section as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


def unknown_key(
    path: Path, names: list[str], positions: Positions, what: str = "key", root: type[BaseModel] = RunConfig
) -> str:
    """The line for a key that does not exist, with the names that do."""
    word = str(path[-1])
    sections = ("data", "account", "fills", "broker") if len(path) == 1 and root is RunConfig else ()
    homes = [name for name in sections if word in _model_at((name,)).model_fields]
    hint = f"did you mean {homes[0]}.{word}?" if homes else near(word, names)
    expected = f"one of {', '.join(names)}" if names else "none: it has no options"
    return positions.line(path, f"the unknown {what} {word}", expected, hint, key=True)


def _expected(detail: ErrorDetails, root: type[BaseModel]) -> tuple[str, str]:
    if detail["type"] == "missing":
        model, name = _model_at(detail["loc"][:-1], root), str(detail["loc"][-1])
        field = next(field for key, field in model.model_fields.items() if name in (key, field.alias))
        return field.description or "a value", ""
    if detail["type"] in ("list_type", "tuple_type"):
        return "a list", "start each entry with `- `" if isinstance(detail["input"], dict) else ""
    text = detail["input"] if isinstance(detail["input"], str) else ""
    plugin = detail["type"] == "model_type" and issubclass(_model_at(detail["loc"], root), PluginConfig)
    return "a mapping", f"did you mean `use: {text}`?" if plugin and text else ""


def _path(loc: tuple[str | int, ...], tree: Any) -> Path:
    """A location of pydantic as a path of the tree, without what the schema put between."""
    path: list[str | int] = []
    for part in loc:
        if part in _TAGS or (isinstance(part, int) and not isinstance(tree, list)):
            continue
        if isinstance(tree, str):
            break
        path.append(part)
        tree = value_at(tree, (part,))
    return tuple(path)


def _model_at(loc: tuple[str | int, ...], root: type[BaseModel] = RunConfig) -> type[BaseModel]:
    model = root
    for part in loc:
        if part in _TAGS:
            model = _TAGS[part]
        elif isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)

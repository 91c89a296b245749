"""`barstep plugins list|show`: everything that a configuration can name, from strategies to fee models."""

from __future__ import annotations

import difflib
import inspect
import sys
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from barstep.cli.output import JsonOption, columns, console, emit, prints_to_stderr, shown

if TYPE_CHECKING:
    from barstep.domain.errors import BarstepError
    from barstep.domain.option import OptionField
    from barstep.hooks.loader import Found, Loader

app = typer.Typer(
    help="Strategies, risk rules, observers, fee models and the like that a run can use.", no_args_is_help=True
)


class Listed(NamedTuple):
    """A name that a configuration can use: where it belongs, and its class or why there is none."""

    name: str
    section: str
    origin: str  # as the loader has it
    found: Found | None
    error: BarstepError | None


def _complete(incomplete: str) -> list[str]:
    loader = _loader()
    return sorted(name for name in _names(loader) if name.startswith(incomplete))


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List every plugin that a configuration can name here."""
    from barstep.hooks.extension import SECTIONS

    with prints_to_stderr():
        loader = _loader()
        names, order = _names(loader), list(SECTIONS)
        listed = sorted((_find(loader, name, names[name]) for name in names), key=lambda e: (order.index(e.section), e))
    if as_json:
        emit([_document(entry) for entry in listed])
        return
    out = console()
    for section in SECTIONS:
        rows = [(f"  {entry.name}", _origin(entry), _summary(entry)) for entry in listed if entry.section == section]
        if rows:
            columns(out, (f"{_place(section)}:", "origin", "what it does"), rows)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name or a path.", autocompletion=_complete)],
    as_json: JsonOption = False,
) -> None:
    """Show a plugin: what it does, where it comes from, its options, the hooks it implements, and its file."""
    from barstep.domain.errors import ConfigError

    with prints_to_stderr():
        loader = _loader()
        names = _names(loader)
        if name not in names and ".py" not in name:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names)) or 'none'}"
            raise ConfigError(f"no plugin {name!r}; {hint}")
        entry = _find(loader, name, names.get(name, "path"))
        if entry.error is not None:
            raise entry.error
    if as_json:
        emit(_document(entry))
    else:
        _print(entry)


def _loader() -> Loader:
    from pathlib import Path

    from barstep.hooks.loader import Loader, find_workspace

    here = Path.cwd()
    return Loader(here, find_workspace(here))


def _names(loader: Loader) -> dict[str, str]:
    """Every name that can be used here, with its origin."""
    return {name: origin for section in ("strategies", "risk") for name, origin in loader.names(section).items()}


def _find(loader: Loader, name: str, origin: str) -> Listed:
    """A name with the section it belongs to; a broken one with its own fault."""
    from barstep.domain.errors import BarstepError

    try:
        section, found = loader.identify(name)
    except BarstepError as error:
        return Listed(name, loader.likely_section(name, origin), origin, None, error)
    return Listed(name, section, found.origin, found, None)


def _place(section: str) -> str:
    from barstep.hooks.extension import PLACES

    return PLACES.get(section, section)


def _origin(entry: Listed) -> str:
    """Where a plugin comes from, in words: a package with its version, or the workspace."""
    package = entry.found.package if entry.found is not None else ""
    return package if entry.origin == "entry point" and package else entry.origin


def _summary(entry: Listed) -> str:
    if entry.found is None:
        return f"broken, see: barstep plugins show {entry.name}"
    return _doc(entry.found.cls).partition("\n")[0]


def _doc(cls: type) -> str:
    """The class's own docstring, else its file's."""
    return inspect.cleandoc(cls.__doc__ or sys.modules[cls.__module__].__doc__ or "")


def _document(entry: Listed) -> dict[str, Any]:
    from barstep.hooks.checks import hooks_of
    from barstep.hooks.extension import Extension
    from barstep.hooks.plugin import option_fields
    from barstep.hooks.specs import HOOK_NAMES

    document: dict[str, Any] = {"name": entry.name, "section": entry.section, "origin": entry.origin}
    if entry.found is None:
        return {**document, "error": str(entry.error)}
    cls = entry.found.cls
    marked = hooks_of(cls)
    asked = [cls.function] if issubclass(cls, Extension) else []
    return {
        **document,
        "class": cls.__name__,
        "package": entry.found.package,
        "file": str(entry.found.file),
        "doc": _doc(cls),
        "hooks": [hook for hook in HOOK_NAMES if hook in marked],
        "functions": asked,
        "options": [_option(field) for field in option_fields(cls)],
    }


def _option(field: OptionField) -> dict[str, Any]:
    from barstep.config.reading import describe
    from barstep.domain.option import MISSING

    spec = field.spec
    required = spec.default is MISSING
    bounds = {name: getattr(spec, name) for name in ("ge", "gt", "le", "lt") if getattr(spec, name) is not None}
    kind = field.type.__name__ if isinstance(field.type, type) else str(field.type).replace("datetime.", "")
    takes = describe(field.type, spec)
    default = None if required else spec.default
    return {
        "name": field.name, "type": kind, "takes": takes, "required": required, "default": default, **bounds,
        "help": spec.help,
    }  # fmt: skip


def _print(entry: Listed) -> None:
    from pathlib import Path

    document, out = _document(entry), console()
    out.print(f"{entry.name}  ({document['class']}, {entry.origin})", style="bold")
    out.print(document["doc"])
    out.print()
    rows = [(o["name"], o["takes"], _default(o), o["help"]) for o in document["options"]]
    if rows:
        columns(out, ("option", "takes", "default", "meaning"), rows)
    else:
        out.print("It has no options.")
    out.print()
    if document["functions"]:
        out.print(f"asked  {', '.join(document['functions'])}()")
    else:
        out.print(f"hooks  {', '.join(document['hooks'])}")
    if document["package"]:
        out.print(f"from   {document['package']}")
    out.print(f"file   {shown(Path(document['file']))}", soft_wrap=True)
    out.print()
    out.print(_example(entry, document["options"]), soft_wrap=True)


def _example(entry: Listed, options: list[dict[str, Any]]) -> str:
    """How a configuration uses it, with the defaults that it has."""
    given = ", ".join(f"{o['name']}: {_default(o)}" for o in options if o["default"] is not None)
    key, _, inner = _place(entry.section).partition(".")
    if inner:
        return f"{key}: {{{inner}: {{use: {entry.name}{f', options: {{{given}}}' if given else ''}}}}}"
    return f"{key}:\n  - use: {entry.name}" + (f"\n    options: {{{given}}}" if given else "")


def _default(option: dict[str, Any]) -> str:
    value = option["default"]
    if option["required"]:
        return "must be given"
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)

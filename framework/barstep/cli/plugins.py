"""`barstep plugins list|show`: strategies, risk rules and observers that a configuration can name."""

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

app = typer.Typer(help="Strategies, risk rules and observers that a run can use.", no_args_is_help=True)


class Listed(NamedTuple):
    """A name that a configuration can use: where it belongs, and its class or why there is none."""

    name: str
    section: str
    origin: str
    found: Found | None
    error: BarstepError | None


def _complete(incomplete: str) -> list[str]:
    loader = _loader()
    names = {name for section in ("strategies", "risk") for name in loader.names(section)}
    return sorted(name for name in names if name.startswith(incomplete))


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List every plugin that a configuration can name here."""
    from barstep.hooks.plugin import KINDS

    with prints_to_stderr():
        loader = _loader()
        names = {name: origin for section in KINDS for name, origin in loader.names(section).items()}
        order = list(KINDS)
        listed = sorted((_find(loader, name, names[name]) for name in names), key=lambda e: (order.index(e.section), e))
    if as_json:
        emit([_document(entry) for entry in listed])
        return
    out = console()
    for section in KINDS:
        rows = [(f"  {entry.name}", entry.origin, _summary(entry)) for entry in listed if entry.section == section]
        if rows:
            columns(out, (f"{section}:", "origin", "what it does"), rows)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name or a path.", autocompletion=_complete)],
    as_json: JsonOption = False,
) -> None:
    """Show a plugin: what it does, its options, the hooks it implements, and its file."""
    from barstep.domain.errors import ConfigError
    from barstep.hooks.plugin import KINDS

    with prints_to_stderr():
        loader = _loader()
        names = {known: origin for section in KINDS for known, origin in loader.names(section).items()}
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


def _find(loader: Loader, name: str, origin: str) -> Listed:
    """Try a name in each section; a plugin fits in one, and a broken one's own fault is kept."""
    from barstep.domain.errors import BarstepError
    from barstep.hooks.plugin import KINDS

    faults: list[tuple[bool, str, BarstepError]] = []
    for section in KINDS:
        try:
            found = loader.load(name, section)
        except BarstepError as error:
            elsewhere = "; list it under" in str(error) or "expected the name or path" in str(error)
            faults.append((elsewhere or "no file" in str(error), section, error))
        else:
            return Listed(name, section, found.origin, found, None)
    _, section, fault = min(faults, key=lambda entry: entry[0])
    return Listed(name, section, origin, None, fault)


def _summary(entry: Listed) -> str:
    if entry.found is None:
        return f"broken, see: barstep plugins show {entry.name}"
    return _doc(entry.found.cls).partition("\n")[0]


def _doc(cls: type) -> str:
    """The class's own docstring, else its file's."""
    return inspect.cleandoc(cls.__doc__ or sys.modules[cls.__module__].__doc__ or "")


def _document(entry: Listed) -> dict[str, Any]:
    from barstep.hooks.checks import hooks_of
    from barstep.hooks.plugin import option_fields
    from barstep.hooks.specs import HOOK_NAMES

    document: dict[str, Any] = {"name": entry.name, "section": entry.section, "origin": entry.origin}
    if entry.found is None:
        return {**document, "error": str(entry.error)}
    cls = entry.found.cls
    marked = hooks_of(cls)
    return {
        **document,
        "class": cls.__name__,
        "file": str(entry.found.file),
        "doc": _doc(cls),
        "hooks": [hook for hook in HOOK_NAMES if hook in marked],
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
    out.print(f"hooks  {', '.join(document['hooks'])}")
    out.print(f"file   {shown(Path(document['file']))}", soft_wrap=True)
    out.print()
    out.print(f"{entry.section}:\n  - use: {entry.name}")
    given = ", ".join(f"{o['name']}: {_default(o)}" for o in document["options"] if o["default"] is not None)
    if given:
        out.print(f"    options: {{{given}}}", soft_wrap=True)


def _default(option: dict[str, Any]) -> str:
    value = option["default"]
    if option["required"]:
        return "must be given"
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)

"""The public surface as text: names, signatures, fields. It changes only on purpose (docs/stability.md).

`pytest tests/surface --write-surface` writes the file anew; read the difference before committing it.
"""

from __future__ import annotations

import difflib
import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import barstep
import barstep.indicators
import barstep.testing
from barstep.engine.views import Account, Position
from barstep.hooks.specs import HOOK_NAMES, HookSpecs

SURFACE = Path(__file__).with_name("surface.txt")
MODULES = (barstep, barstep.indicators, barstep.testing)
PUBLIC = {getattr(module, name) for module in MODULES for name in module.__all__ if name != "__version__"}
GIVEN = {
    *(barstep.Context, barstep.ReadContext, barstep.RiskContext, barstep.RunResult, barstep.Session, barstep.RunArrays),
    *(barstep.Fill, barstep.Trade, barstep.Order, barstep.Bar, barstep.PendingFill, barstep.PluginError),
    *(barstep.Instrument, barstep.Contract, barstep.testing.Played, Account, Position),
}
"""Classes whose objects one is given: how they are made is not public, and tests make them with `barstep.testing`."""


def lines() -> list[str]:
    """One line for each name, each method, each field and each hook."""
    found = [f"hook {name}{signature(getattr(HookSpecs, name))}" for name in HOOK_NAMES]
    for module in MODULES:
        for name in module.__all__:
            found += described(f"{module.__name__}.{name}", getattr(module, name))
    for name, cls in (("ctx.account", Account), ("ctx.position", Position)):
        found += members(name, cls)
    return found


def described(name: str, thing: object) -> Iterator[str]:
    if isinstance(thing, type):
        yield f"{name}({', '.join(base.__name__ for base in thing.__bases__ if base is not object)})"
        yield from members(name, thing)
    elif callable(thing) and not isinstance(thing, types.GenericAlias):
        yield name + (signature(thing) if inspect.isfunction(thing) else f" = {type(thing).__name__}")
    else:
        yield f"{name}: {type(thing).__name__}"


def members(name: str, cls: type) -> Iterator[str]:
    """What a class has of ours by name, its own or of a base that is not public itself."""
    known: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] != "barstep" or (base is not cls and base in PUBLIC):
            continue
        known |= {field: f".{field}  (attribute)" for field in documented(base)}
        for field, hint in inspect.get_annotations(base).items():
            known[field] = f".{field}: {getattr(hint, '__forward_arg__', hint)}"
        for member, value in vars(base).items():
            told = _member(member, value)
            if told:
                known[member] = told
    for member in sorted(known):
        if not member.startswith("_") or (member == "__init__" and cls not in GIVEN):
            yield name + known[member]


def documented(cls: type) -> list[str]:
    """Names under `Attributes:` of a class's docstring."""
    _, _, told = (inspect.getdoc(cls) or "").partition("Attributes:\n")
    names = []
    for line in told.splitlines():
        head = re.match(r"    (\w+(?:, \w+)*): ", line)
        names += head[1].split(", ") if head else []
        if line and not line.startswith("    "):
            break
    return names


def _member(name: str, value: object) -> str:
    if isinstance(value, property):
        returns = inspect.get_annotations(value.fget).get("return", "?") if value.fget is not None else "?"
        return f".{name}: {returns}  (read)"
    if isinstance(value, classmethod | staticmethod):
        return f".{name}{signature(value.__func__)}  ({type(value).__name__})"
    return f".{name}{signature(value)}" if inspect.isfunction(value) else ""


def signature(function: object) -> str:
    """A signature without `self`, annotations as they are written, and no address in a default."""
    told = inspect.signature(function)  # type: ignore[arg-type]
    parameters = [
        p.replace(
            annotation=_Shown(p.annotation) if isinstance(p.annotation, str) else p.annotation,
            default=_Shown("...") if " at 0x" in repr(p.default) else p.default,
        )
        for p in told.parameters.values()
        if p.name not in ("self", "cls")
    ]
    returns = told.return_annotation
    shown = _Shown(returns) if isinstance(returns, str) else returns
    return str(told.replace(parameters=parameters, return_annotation=shown))


class _Shown(str):
    """Text whose `repr` has no quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def test_the_public_surface_is_the_recorded_one(request: pytest.FixtureRequest) -> None:
    now = lines()
    if request.config.getoption("--write-surface"):
        SURFACE.write_text("".join(f"{line}\n" for line in now), encoding="utf-8")
    recorded = SURFACE.read_text(encoding="utf-8").splitlines()
    change = "\n".join(difflib.unified_diff(recorded, now, "recorded", "now", lineterm="", n=0))
    assert recorded == now, (
        f"the public surface has changed:\n{change}\nOn purpose? Heed docs/stability.md, tell it in CHANGELOG.md, and write "
        "it anew: pytest tests/surface --write-surface"
    )


def test_everything_that_is_public_says_what_it_is() -> None:
    bare = []
    for module in MODULES:
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing) and not (inspect.getdoc(thing) or "").strip():
                bare.append(f"{module.__name__}.{name}")
            if isinstance(thing, type) and thing.__module__.startswith("barstep"):
                bare += [
                    f"{module.__name__}.{name}.{member}"
                    for member, value in vars(thing).items()
                    if not member.startswith("_") and inspect.isfunction(value) and not inspect.getdoc(value)
                ]
    assert bare == []

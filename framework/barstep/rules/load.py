"""Reads the packaged plans: one JSON file each, a list of snapshots in the order of their dates."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from barstep.domain.errors import ConfigError
from barstep.rules.plan import Plan

if TYPE_CHECKING:
    from datetime import date

_FOLDER = files("barstep.rules")


class SourceText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page or file that figures were read from."""

    ref: str
    note: str


@cache
def plan_names() -> list[str]:
    """Names of the packaged plans, in the order of the alphabet."""
    return sorted(f.name.removesuffix(".json") for f in (_FOLDER / "plans").iterdir() if f.name.endswith(".json"))


@cache
def plan_bytes(name: str) -> bytes:
    """The file of a plan as it is stored."""
    return (_FOLDER / "plans" / f"{name}.json").read_bytes()


def load_plan(name: str, as_of: date | None = None) -> Plan:
    """A packaged plan.

    Args:
        name: Such as `topstep-combine-50k`.
        as_of: Choose the snapshot that was the newest on a day; by default the newest of all, whatever the bars' dates.

    Raises:
        ConfigError: For an unknown name, with near ones; for a day before the first snapshot.
    """
    if name not in plan_names():
        near = get_close_matches(name.lower(), plan_names(), 3, 0.5)
        told = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(plan_names())}"
        raise ConfigError(f"no plan {name!r}; {told}")
    snapshots = msgspec.json.decode(plan_bytes(name), type=list[Plan])
    held = [plan for plan in snapshots if as_of is None or plan.as_of <= as_of]
    if not held:
        raise ConfigError(f"plan {name} has no figures as of {as_of}; the first are of {snapshots[0].as_of}")
    return held[-1]


def load_source(key: str) -> SourceText:
    """What a source id such as `T2` stands for."""
    return _sources()[key]


@cache
def _sources() -> dict[str, SourceText]:
    return msgspec.json.decode((_FOLDER / "sources.json").read_bytes(), type=dict[str, SourceText])

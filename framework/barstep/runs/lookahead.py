"""A longer look for positions that know later bars than each run takes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.domain.errors import ConfigError
from barstep.engine.array.bars import ArrayBars
from barstep.engine.array.plugins import wants_from
from barstep.runs.assemble import load_plan
from barstep.runs.sources import sessions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Looked(NamedTuple):
    """What was looked at, in vain.

    Attributes:
        strategy: Its name in the run.
        bars: Bars of the run.
        places: Changes of the position that is wanted at which shorter histories were tried, at most; 0 when the strategy has
            no `positions`: its hooks see one bar after the other.
    """

    strategy: str
    bars: int
    places: int


def check_lookahead(source: str | Path | Mapping[str, Any], overrides: Sequence[str], places: int) -> Looked:
    """Ask a strategy's `positions` for shorter histories at many places, and compare.

    Raises:
        ConfigError: The run has several strategies or contracts, or is a script.
        PluginError: An answer differs, or cannot be taken; the text says of which bar.
    """
    plan = load_plan(source, overrides)
    strategies = [each for each in plan.plugins if each.section == "strategies"]
    if plan.script is not None or len(strategies) != 1 or len(plan.streams) != 1:
        raise ConfigError("check lookahead takes a run of one strategy on one contract")
    named, stream = strategies[0], plan.streams[0]
    bars = ArrayBars.read(stream, sessions_of(stream).locate)[0]
    if not hasattr(named.found.cls, "positions"):
        return Looked(named.name, len(bars), 0)
    wants_from(named.name, named.make(), bars, str(named.found.file or ""), places)
    return Looked(named.name, len(bars), places)

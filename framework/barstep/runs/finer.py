"""The finer bars of a run (R21): from the configuration to what the simulated exchange walks through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.config.schema import finer_bars
from barstep.data.checks import EmptyRangeError
from barstep.domain.errors import ConfigError
from barstep.domain.session import to_datetime
from barstep.engine.finer import FinerBars
from barstep.runs.keyed import KeyedError
from barstep.runs.sources import Opener, make_stream, sessions_of
from barstep.sim.finer import Magnifier

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.config.data_schema import DataConfig
    from barstep.domain.bar import BarStream
    from barstep.sim.market import Market
    from barstep.sim.records import Mismatch


def open_finer(
    config: DataConfig, resolution: str | None, base: Path, bars: BarStream, opener: Opener = make_stream
) -> BarStream | None:
    """The finer bars of a data section, None when there are none or none are wanted.

    Args:
        config: The section.
        resolution: What `fills.resolution` says.
        base: The folder that relative paths start from.
        bars: The section's own bars.
        opener: What opens them.

    Raises:
        KeyedError: With the key below the section; also when the finer bars have none of its days.
        ConfigError: The same where `fills.resolution` alone asks for the sample's.
        DataError: When the finer bars cannot be read.
    """
    wanted = finer_bars(config, resolution)
    if wanted is None:
        return None
    section = config.model_copy(
        update={"timeframe": wanted.timeframe, "source": wanted.source, "contract": bars.feed.contract.name}
    )
    try:
        finer = opener(section, base, None)
        span = getattr(finer, "span", None)
        if span is not None and span() is None:
            next(iter(finer.chunks()), None)  # raises, with the bars there are
    except (ConfigError, EmptyRangeError) as error:
        problems = error.problems if isinstance(error, ConfigError) else [str(error)]
        if config.finer is None:
            raise ConfigError(problems) from error
        key = error.key if isinstance(error, KeyedError) else ("source",)
        raise KeyedError(("finer", *key), problems) from error
    return finer


def magnifier(market: Market, bars: BarStream, finer: BarStream | None) -> Magnifier | None:
    """What walks a market's bars through finer ones; None without them."""
    if finer is None:
        return None
    known = bars.volume_known and finer.volume_known
    return Magnifier(FinerBars(finer, sessions_of(finer)), market.price, compares_volume=known)


def mismatch_warning(number: int, first: Mismatch) -> str:
    """What a reader should know of bars whose finer bars do not agree with them."""
    what = "1 bar was decided by its own prices" if number == 1 else f"{number:,} bars were decided by their own prices"
    ended = to_datetime(first.end_ns, first.feed.zone)
    return (
        f"{what}, since the finer bars inside do not agree (R21, MAGNIFIER_MISMATCH); the first ends "
        f"{ended:%Y-%m-%d %H:%M:%S %Z}: {first.reason}. mismatches.parquet has them all"
    )

"""Columns of bars: indicators, the bounded cache, memory-mapped copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small import account_of

from barstep.arrays import ArrayBars, crossover
from barstep.engine.array.points import digest_of
from barstep.engine.array.signals import wants_of
from barstep.engine.array.work import Work
from barstep.indicators import EMA, RSI, SMA, Highest


@pytest.mark.parametrize(
    "made",
    [lambda: SMA(1), lambda: SMA(20), lambda: SMA(9, "volume"), lambda: SMA(5_000), lambda: EMA(12), lambda: RSI(14)],
    ids=["one", "sma", "volume", "never ready", "ema", "rsi"],
)
def test_an_indicator_is_what_its_array_form_gives(bars: ArrayBars, made: object) -> None:
    tick = bars.feed.contract.instrument.tick_size
    wanted = made().compute(bars.chunk, tick.numerator, tick.denominator, bars.new_session)  # type: ignore[operator]
    assert bars.indicator(made()).tobytes() == wanted.tobytes() or np.array_equal(  # type: ignore[operator]
        bars.indicator(made()),
        wanted,
        equal_nan=True,  # type: ignore[operator]
    )


def test_the_same_indicator_is_computed_once_and_others_are_told_apart(bars: ArrayBars) -> None:
    assert bars.indicator(SMA(20)) is bars.indicator(SMA(20))
    assert bars.indicator(SMA(20)) is not bars.indicator(SMA(21))
    high = bars.indicator(Highest(10, exclude_current=True))
    assert not np.array_equal(high, bars.indicator(Highest(10)), equal_nan=True)


def test_the_cache_is_bounded(bars: ArrayBars) -> None:
    small = ArrayBars(bars.feed, bars.chunk, bars.new_session, cache_bytes=3 * 8 * len(bars))
    kept = [small.indicator(SMA(n)) for n in range(2, 7)]
    assert small._held <= 3 * 8 * len(bars)
    assert small.indicator(SMA(6)) is kept[-1]
    assert small.indicator(SMA(2)) is not kept[0]


def test_columns_cannot_be_changed(bars: ArrayBars) -> None:
    for column in (bars.close, bars.close_ticks, bars.volume, bars.columns[3], bars.indicator(SMA(3))):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            column.flags.writeable = True


def test_memory_mapped_bars_play_the_same(bars: ArrayBars, tmp_path: Path) -> None:
    bars.save(tmp_path / "bars")
    mapped = ArrayBars.open_saved(tmp_path / "bars", bars.feed)
    digests = []
    for each in (bars, mapped):
        account, work = account_of(each), Work()
        wants = wants_of(crossover(each.indicator(SMA(5)), each.indicator(SMA(20))), len(each))
        left = work.play(account, wants, 1)
        digests.append(digest_of(account, left, work))
    assert digests[0] == digests[1]

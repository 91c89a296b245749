"""Points of a grid: figures alone, with tables and with a story are the same run, whatever way the kernel took."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from small import account_of

from barstep import Strategy
from barstep.arrays import KEEP, ArrayBars, WithBracket, crossover
from barstep.engine.array.kernel import layout as at
from barstep.engine.array.points import point_of, run_array_point
from barstep.engine.array.signals import wants_of
from barstep.engine.array.work import Work
from barstep.indicators import SMA


class Cross(Strategy):
    fast: int = 5

    def positions(self, bars: ArrayBars) -> np.ndarray:
        return crossover(bars.indicator(SMA(self.fast)), bars.indicator(SMA(30)))


@pytest.mark.parametrize("seed", range(60))
def test_figures_do_not_depend_on_what_is_kept(bars: ArrayBars, seed: int) -> None:
    luck = np.random.default_rng(seed)
    rows = int(luck.integers(2, 600))
    cut = bars.head(rows)
    shut = luck.random(rows) < luck.choice([0.0, 0.1])
    account = account_of(cut, shut, at_end=str(luck.choice(["mark", "close"])))
    sizes = luck.integers(-2, 3, rows) if seed % 2 else luck.choice([-1, 0, 1], rows)
    wants = wants_of(np.where(luck.random(rows) < luck.choice([0.5, 0.95, 0.99]), KEEP, sizes), rows)
    points, tables = [], []
    for keep in (at.NUMBERS, at.TABLES, at.STORY):
        left = Work().play(account, wants, keep)
        points.append(point_of(account, left))
        tables.append([rows.copy() for rows in (left.fills, left.trades, left.steps)])
    assert points[0] == points[1] == points[2]
    assert points[0].bars == rows
    for one, two in zip(tables[1], tables[2], strict=True):
        assert one.tolist() == two.tolist()


def test_work_that_was_used_for_another_run_gives_the_same(bars: ArrayBars) -> None:
    account, work = account_of(bars), Work()
    fresh = run_array_point(account, Cross(), Work(), digest=True)
    luck = np.random.default_rng(0)
    busy = WithBracket(luck.integers(-40, 41, len(bars)), 30, 30)  # many lots and orders at once
    work.play(account, wants_of(busy, len(bars)), at.STORY)
    assert run_array_point(account, Cross(), work, digest=True) == fresh
    assert fresh.digest
    assert run_array_point(account, Cross(), work)._replace(digest=fresh.digest) == fresh


def test_threads_share_bars_and_account(bars: ArrayBars) -> None:
    account = account_of(bars)
    wanted = {fast: run_array_point(account, Cross(fast=fast), Work()) for fast in range(2, 22)}
    found = {}

    def part(place: int) -> None:
        work = Work()
        for fast in range(2 + place, 22, 2):
            found[fast] = run_array_point(account, Cross(fast=fast), work)

    threads = [threading.Thread(target=part, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted
    assert len({point.net for point in found.values()}) > 1

"""The engines of `array_lane.py`: each answers with its seconds, its contracts and its net results."""

from __future__ import annotations

import gc
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

FAST, SLOW = 10, 30
POINT, TICK, FEE = 50.0, 0.25, 2.0
"""ES: USD a point, points a tick, USD a contract and side."""
CASH = 10_000_000.0
AT_ONCE = 10
"""Combinations that vectorbt gets in one call; more at once is hardly faster and takes more memory."""
SEED, FIRST = 7, "2020-01-02"

Answer = dict[str, Any]


def pairs(points: int) -> list[tuple[int, int]]:
    """Fast and slow windows of a grid, 25 fast ones to each 40 slow ones."""
    every = [(fast, slow) for slow in range(30, 230, 5) for fast in range(4, 29)]
    return every[:points]


def near_pairs(points: int) -> list[tuple[int, tuple[int, int]]]:
    """The same with their places, in the order in which a grid of ours plays them: neighbours share their means."""
    from barstep.batch.order import turn

    every = pairs(points)
    sides = [sorted(set(side)) for side in zip(*every, strict=True)]
    box = [range(len(side)) for side in sides]
    return sorted(
        enumerate(every), key=lambda each: turn([side.index(n) for side, n in zip(sides, each[1], strict=True)], box)
    )


def stream(bars: int) -> Any:
    """The seeded bars that every engine plays."""
    from datetime import date

    from barstep.data import SyntheticStream, front_contract, instrument
    from barstep.domain.bar import Timeframe

    first = date.fromisoformat(FIRST)
    contract = front_contract(instrument("ES"), first)
    return SyntheticStream(contract, Timeframe.parse("1m"), seed=SEED, start=first, bars=bars)


def save_bars(bars: int, file: Path) -> None:
    """The prices for engines that read files."""
    parts = list(stream(bars).chunks())
    np.savez(
        file, **{name: np.concatenate([getattr(p, name) for p in parts]) for name in ("open", "high", "low", "close")}
    )


class Barstep:
    """The array lane, as a batch calls it."""

    def __init__(self, bars: int, _: Path) -> None:
        from fractions import Fraction

        from barstep.data import instrument
        from barstep.domain.fill_options import FillOptions
        from barstep.engine.array.account import make_account
        from barstep.engine.array.bars import ArrayBars
        from barstep.engine.array.work import Work

        assert Fraction(instrument("ES").tick_size) == Fraction(TICK)
        source = stream(bars)
        self.bars, sessions, session_of, _ = ArrayBars.read(source, source.sessions.locate)
        fills = FillOptions.of(market_slip_ticks=0, at_end="mark")
        shut = np.zeros(len(self.bars), bool)  # as vectorbt, which knows no trading hours
        fee, cash = round(FEE * 1e6), round(CASH * 1e6)
        self.account = make_account(self.bars, sessions, session_of, shut, fills, fee, cash)
        self.works = [Work(), Work()]

    def run(self) -> Answer:
        """From columns to digest, equity curve, drawdown and trade statistics."""
        from barstep.arrays import crossover
        from barstep.engine.array.kernel import layout as at
        from barstep.engine.array.points import digest_of, point_of
        from barstep.engine.array.signals import wants_of
        from barstep.indicators import SMA
        from barstep.stats.trades import TRADES

        bars, work, account = self.bars, self.works[0], self.account
        bars.forget()
        start = time.perf_counter()
        wants = crossover(bars.indicator(SMA(FAST)), bars.indicator(SMA(SLOW)))
        left = work.play(account, wants_of(wants, len(bars)), at.TABLES)
        point = point_of(account, left, digest_of(account, left, work))
        TRADES.headlines(work.trades(account, left))
        equity = work.equity(account, left)
        seconds = time.perf_counter() - start
        net = (int(equity[-1]) - int(account.options[at.START])) / 1e6
        contracts = round(point.fees / 1e6 / FEE)
        return {"seconds": seconds, "contracts": [contracts], "net": [net], "fills": point.fills}

    def grid(self, points: int, *, plain: bool = False) -> Answer:
        """Net and drawdown of each point, on two threads: the kernel holds no lock."""
        from concurrent.futures import ThreadPoolExecutor

        from barstep.arrays import KEEP, crossover
        from barstep.engine.array.kernel import layout as at
        from barstep.engine.array.signals import wants_of
        from barstep.indicators import SMA

        bars, account, every = self.bars, self.account, near_pairs(points)
        bars.forget()
        last = int(bars.close_ticks[-1])

        def part(share: int) -> list[tuple[int, int, float, float]]:
            found = []
            for place, (fast, slow) in every[share::2]:
                one, two = bars.indicator(SMA(fast)), bars.indicator(SMA(slow))
                wants = np.where(one > two, 1, np.where(one < two, -1, KEEP)) if plain else crossover(one, two)
                m = self.works[share].play(account, wants_of(wants, len(bars)), at.NUMBERS).figures
                open_too = int((m[at.L_CASH] + m[at.L_POSITION] * last) * m[at.TICK_VALUE] - m[at.L_FEES])
                found.append((place, int(m[at.L_FEES]) // round(FEE * 1e6), open_too / 1e6, int(m[at.DRAWDOWN]) / 1e6))
            return found

        start = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            rows = sorted(chain(*pool.map(part, (0, 1))))
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "contracts": [r[1] for r in rows], "net": [r[2] for r in rows]}


class Runner:
    """The same grid through the runner of `barstep grid run`: a grid file, two worker processes, every point in the store."""

    def __init__(self, bars: int, _: Path) -> None:
        self.bars = bars

    def files(self, folder: Path, every: list[tuple[int, int]]) -> Path:
        """A workspace with the bars, a run with the other engines' model, and a grid."""
        import yaml

        from barstep.data import write_bars

        for name in ("plugins", "strategies", "configs"):
            (folder / name).mkdir()
        source = stream(self.bars)
        write_bars(source, folder / "configs" / "bars.parquet")
        contract = source.feed.contract.name
        run = {
            "version": 1,
            "lane": "array",
            "data": {"instrument": "ES", "timeframe": "1m", "contract": contract, "source": "bars.parquet"},
            "account": {"balance": CASH, "fees": FEE},
            "fills": {"market_slip_ticks": 0, "at_end": "mark"},
            "strategies": [{"use": "sma_crossover"}],
        }
        axes = {"fast": sorted({fast for fast, _ in every}), "slow": sorted({slow for _, slow in every})}
        vary = {f"sma_crossover.{name}": values for name, values in axes.items()}
        grid = {"version": 1, "run": "run.yaml", "vary": vary, "verify": 0}
        (folder / "configs" / "run.yaml").write_text(yaml.safe_dump(run))
        (folder / "configs" / "grid.yaml").write_text(yaml.safe_dump(grid))
        return folder / "configs" / "grid.yaml"

    def grid(self, points: int) -> Answer:
        """All headlines, digest and daily results of each point; seconds from ready workers to the last point stored.

        Before that the runner has tried some points, to tell what to expect: their share is added.
        """
        from barstep.batch.grid import run_grid
        from barstep.batch.store import Store

        every = pairs(points)
        with tempfile.TemporaryDirectory() as place:
            file, out = self.files(Path(place), every), Path(place) / "out"
            begun, ended = [], []
            start = time.perf_counter()
            run_grid(
                file,
                workers=2,
                out=out,
                told=lambda estimate: begun.append((time.perf_counter(), estimate.left)),
                watch=lambda _: ended.append(time.perf_counter()),
            )
            whole = time.perf_counter() - start
            with Store(out) as store:
                rows = {tuple(map(int, row.vals.values())): row for row in store.rows()}
        found = [rows[pair] for pair in every]
        assert len(found) == len(rows)
        assert all(row.lane == "array" and row.digest for row in found)
        ready, left = begun[0]
        return {
            "seconds": (ended[-1] - ready) * points / left,
            "whole": whole,
            "contracts": [round(row.metrics["fees"] / FEE) for row in found],
            "net": [int(row.daily.sum()) / 1e6 for row in found],
        }


class Vectorbt:
    """vectorbt with wanted positions as orders at the next open."""

    def __init__(self, _: int, file: Path) -> None:
        import warnings

        warnings.simplefilter("ignore")
        import pandas as pd
        import vectorbt

        self.vbt = vectorbt
        ticks = np.load(file)
        index = pd.date_range(FIRST, periods=len(ticks["close"]), freq="1min")
        self.open, self.close = (pd.Series(ticks[name] * TICK, index=index) for name in ("open", "close"))

    def orders(self, fast: Any, slow: Any) -> tuple[Any, Any]:
        """Target positions and fees of each bar, from two columns of means."""
        side = np.sign(fast - slow)
        rows = np.flatnonzero(np.nan_to_num(side))
        turns = rows[np.flatnonzero(np.diff(side[rows], prepend=0))]
        turns = turns[turns + 1 < len(side)]
        wanted, fees = np.full(len(side), np.nan), np.zeros(len(side))
        wanted[turns + 1] = side[turns]
        fees[turns + 1] = np.abs(np.diff(side[turns], prepend=0)) * FEE / POINT
        return wanted, fees

    def folio(self, wanted: Any, fees: Any) -> Any:
        return self.vbt.Portfolio.from_orders(
            self.close, wanted, size_type="targetamount", price=self.open, fixed_fees=fees, init_cash=CASH, freq="1min"
        )

    def run(self) -> Answer:
        """Means, orders, equity, drawdown and statistics of trades."""
        start = time.perf_counter()
        fast, slow = (self.vbt.MA.run(self.close, n).ma.to_numpy() for n in (FAST, SLOW))
        folio = self.folio(*self.orders(fast, slow))
        net = float(folio.final_value() - CASH) * POINT
        folio.max_drawdown()
        folio.trades.win_rate(), folio.trades.profit_factor(), folio.trades.expectancy()
        contracts = float(folio.orders.records["size"].sum())
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "contracts": [round(contracts)], "net": [net]}

    def grid(self, points: int) -> Answer:
        """Net and drawdown of each point, some combinations at once."""
        every, contracts, net = pairs(points), [], []
        start = time.perf_counter()
        windows = sorted({n for pair in every for n in pair})
        means = self.vbt.MA.run(self.close, windows).ma.to_numpy()
        column = {n: means[:, i] for i, n in enumerate(windows)}
        for at in range(0, len(every), AT_ONCE):
            made = [self.orders(column[fast], column[slow]) for fast, slow in every[at : at + AT_ONCE]]
            folio = self.folio(*(np.column_stack(each) for each in zip(*made, strict=True)))
            net += ((folio.final_value() - CASH) * POINT).tolist()
            folio.max_drawdown()
            records = folio.orders.records
            contracts += records.groupby("col")["size"].sum().round().astype(int).tolist()
            del folio, records, made
            gc.collect()  # what it has cached refers to itself
        return {"seconds": time.perf_counter() - start, "contracts": contracts, "net": net}

"""How fast the array lane is, beside vectorbt on the same bars, rule and fees.

    python benchmarks/array_lane.py [--bars 350000] [--rounds 5] [--points 1000] [--vectorbt-python PATH]

Two works: one run of an SMA crossover from bars that are ready to digest, equity and statistics, and a grid of fast and slow
means with net and drawdown of each point. Both engines live in a process of their own and take turns, after a run that is not
counted, so that a slow spell of the machine meets both. They must agree on contracts and net result before a time is
printed. vectorbt pins its own libraries: `--vectorbt-python` names the interpreter of an environment that has it.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "framework"))
FAST, SLOW = 10, 30
POINT, TICK, FEE = 50.0, 0.25, 2.0
"""ES: USD a point, points a tick, USD a contract and side."""
CASH = 10_000_000.0
AT_ONCE = 10
"""Combinations that vectorbt gets in one call; more at once is hardly faster and takes more memory."""

Answer = dict[str, Any]
WORKS = ("run", "grid", "grid in numpy")


def pairs(points: int) -> list[tuple[int, int]]:
    """Fast and slow windows of a grid, 25 fast ones to each 40 slow ones."""
    every = [(fast, slow) for slow in range(30, 230, 5) for fast in range(4, 29)]
    return every[:points]


class Barstep:
    """The array lane, as a batch calls it."""

    def __init__(self, bars: int) -> None:
        from datetime import date
        from fractions import Fraction

        from barstep.data import SyntheticStream, front_contract, instrument
        from barstep.domain.bar import Timeframe
        from barstep.domain.fill_options import FillOptions
        from barstep.engine.array.account import make_account
        from barstep.engine.array.bars import ArrayBars
        from barstep.engine.array.work import Work

        assert Fraction(instrument("ES").tick_size) == Fraction(TICK)
        first = date(2020, 1, 2)
        contract = front_contract(instrument("ES"), first)
        stream = SyntheticStream(contract, Timeframe.parse("1m"), seed=7, start=first, bars=bars)
        self.bars, sessions, session_of, _ = ArrayBars.read(stream, stream.sessions.locate)
        fills = FillOptions.of(market_slip_ticks=0, at_end="mark")
        shut = np.zeros(len(self.bars), bool)  # as vectorbt, which knows no trading hours
        fee, cash = round(FEE * 1e6), round(CASH * 1e6)
        self.account = make_account(self.bars, sessions, session_of, shut, fills, fee, cash)
        self.works = [Work(), Work()]

    def save(self, file: Path) -> None:
        """The bars for the other engine."""
        ticks = {name: getattr(self.bars, f"{name}_ticks") for name in ("open", "high", "low", "close")}
        np.savez(file, **ticks)

    def run(self) -> Answer:
        """From columns to digest, equity curve, drawdown and trade statistics."""
        from barstep.arrays import crossover
        from barstep.engine.array.kernel import layout as at
        from barstep.engine.array.points import digest_of, point_of
        from barstep.engine.array.signals import wants_of
        from barstep.indicators import SMA
        from barstep.stats.measures import trade_measures

        bars, work, account = self.bars, self.works[0], self.account
        bars.forget()
        start = time.perf_counter()
        wants = crossover(bars.indicator(SMA(FAST)), bars.indicator(SMA(SLOW)))
        left = work.play(account, wants_of(wants, len(bars)), at.TABLES)
        point = point_of(account, left, digest_of(account, left, work))
        size, ticks, worst, best = (left.trades[:, c] for c in (at.T_SIZE, at.T_TICKS, at.T_WORST, at.T_BEST))
        value = account.options[at.TICK_VALUE] * size
        fees = 2 * size * account.options[at.FEE]
        entry, leave = (left.fills[left.trades[:, c], at.F_BAR] for c in (at.T_ENTRY, at.T_EXIT))
        trade_measures(ticks * value - fees, fees, worst * value, best * value, leave - entry)
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

        bars, account, every = self.bars, self.account, pairs(points)
        bars.forget()
        last = int(bars.close_ticks[-1])

        def part(place: int) -> list[tuple[int, float, float]]:
            found = []
            for fast, slow in every[place::2]:
                one, two = bars.indicator(SMA(fast)), bars.indicator(SMA(slow))
                wants = np.where(one > two, 1, np.where(one < two, -1, KEEP)) if plain else crossover(one, two)
                m = self.works[place].play(account, wants_of(wants, len(bars)), at.NUMBERS).figures
                open_too = int((m[at.L_CASH] + m[at.L_POSITION] * last) * m[at.TICK_VALUE] - m[at.L_FEES])
                found.append((int(m[at.L_FEES]) // round(FEE * 1e6), open_too / 1e6, int(m[at.DRAWDOWN]) / 1e6))
            return found

        start = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            halves = list(pool.map(part, (0, 1)))
        seconds = time.perf_counter() - start
        rows = [halves[i % 2][i // 2] for i in range(len(every))]
        return {"seconds": seconds, "contracts": [r[0] for r in rows], "net": [r[1] for r in rows]}


class Vectorbt:
    """vectorbt with wanted positions as orders at the next open."""

    def __init__(self, file: Path) -> None:
        import warnings

        warnings.simplefilter("ignore")
        import pandas as pd
        import vectorbt

        self.vbt = vectorbt
        ticks = np.load(file)
        index = pd.date_range("2020-01-02", periods=len(ticks["close"]), freq="1min")
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


class Engine:
    """An engine in a process of its own, which plays a work when it is told to."""

    def __init__(self, python: str, name: str, bars: int, file: Path) -> None:
        command = [python, __file__, "--child", name, "--bars", str(bars), "--file", str(file)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.play("ready")

    def play(self, work: str, points: int = 0) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{work},{points}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("an engine has ended; its error stands above")
        answer: Answer = json.loads(line)
        return answer


def child(name: str, bars: int, file: Path) -> None:
    """Answer each line on stdin with a line on stdout."""
    engine: Any = Barstep(bars) if name == "barstep" else Vectorbt(file)
    if name == "barstep":
        engine.save(file)
    for line in sys.stdin:
        work, points = line.split(",")
        answer: Answer = {}
        if work == "run":
            answer = engine.run()
        elif work != "ready":
            answer = engine.grid(
                int(points), **({"plain": True} if work == "grid in numpy" and name == "barstep" else {})
            )
        answer["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(answer), flush=True)


def agree(ours: Answer, theirs: Answer) -> str:
    """A line that says what is equal; SystemExit where something is not."""
    if ours["contracts"] != theirs["contracts"]:
        raise SystemExit(
            f"the engines did not trade the same: {ours['contracts'][:5]} and {theirs['contracts'][:5]} contracts"
        )
    worst = max(abs(a - b) for a, b in zip(ours["net"], theirs["net"], strict=True))
    if worst > 0.01:
        raise SystemExit(f"the engines differ by {worst:.2f} USD")
    return f"{sum(ours['contracts']):,} contracts and {len(ours['net']):,} net results agree to the cent"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=WORKS, metavar="WORK", help=f"any of {', '.join(WORKS)}")
    parser.add_argument("--bars", type=int, default=350_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--grid-rounds", type=int, default=1)
    parser.add_argument("--vectorbt-python", default=sys.executable, metavar="PATH")
    parser.add_argument("--child", choices=("barstep", "vectorbt"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.bars, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bars.npz"
        ours = Engine(sys.executable, "barstep", given.bars, file)
        theirs = Engine(given.vectorbt_python, "vectorbt", given.bars, file)
        for work in given.works:
            points = 0 if work == "run" else given.points
            one, two = ours.play(work, min(points, 4)), theirs.play(work, min(points, 4))
            rounds = given.rounds if work == "run" else given.grid_rounds
            took = []
            for _ in range(rounds):
                one, two = ours.play(work, points), theirs.play(work, points)
                took.append((one["seconds"], two["seconds"]))
            print(f"\n{work}: {given.bars:,} bars" + (f", {points:,} points" if points else "") + f", {rounds} rounds")
            print(f"  {agree(one, two)}")
            for name, place, answer in (("barstep", 0, one), ("vectorbt", 1, two)):
                seconds = [each[place] for each in took]
                print(
                    f"  {name:9}{statistics.median(seconds):10.4f} s, best {min(seconds):.4f}, peak {answer['mb']:,.0f} MB"
                )
            print(f"  {statistics.median(b / a for a, b in took):.1f} times vectorbt (median of the rounds)")


if __name__ == "__main__":
    main()

"""How fast the event lane is, beside backtesting.py and a plain Python loop on the same bars and rule.

    python benchmarks/event_lane.py [--bars 350000] [--rounds 3] [--memory]

Each run has a process of its own; the engines take turns, so that a slow spell of the machine meets all of them. What
is timed is `barstep.run(mapping)` with the bars made and the results written, and `Backtest.run()` on bars that are
ready; imports and a short first run are not counted. The ratios are medians over the rounds of one run against another
of the same round.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "framework"))
PLUGINS = Path(__file__).parent / "strategies"
TICK = 0.25
FAST, SLOW, BRACKET = 10, 30, 8
WARM_UP = 3_000

Answer = dict[str, Any]
WORKS = ("noop", "sma", "orders")
RISK = [
    {"use": "max_position", "options": {"contracts": 5}},
    {"use": "daily_loss_limit", "options": {"usd": 1_000_000}},
    {"use": "max_loss_limit", "options": {"usd": 5_000_000}},
]
FILLS = {  # as backtesting.py fills: no slippage, a limit at a touch, exits from the bar after the entry
    "market_slip_ticks": 0,
    "stop_slip_ticks": 0,
    "limit_through_ticks": 0,
    "children": "next_bar",
    "at_end": "mark",
}


def barstep_run(work: str, bars: int) -> Answer:
    """The run as a user would start it: configuration, three risk rules, exact ledger, tables on disk."""
    import barstep

    use = "sma_crossover" if work == "sma" else str(PLUGINS / f"{work}.py")
    config = {
        "version": 1,
        "name": "bench",
        "data": {
            "instrument": "ES",
            "timeframe": "1m",
            "source": {"kind": "synthetic", "seed": 7, "bars": bars},
        },
        "account": {"balance": 10_000_000, "fees": "none"},
        "fills": FILLS,
        "strategies": [{"use": use}],
        "risk": RISK,
    }
    with tempfile.TemporaryDirectory() as folder:
        barstep.run  # noqa: B018 - imports what it needs, which is not timed
        start = time.perf_counter()
        result = barstep.run(config, out=Path(folder) / "run")
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "fills": result.fills, "ambiguous": result.ambiguous_bars}


def columns(bars: int) -> Any:
    """The same bars as arrays, shape (6, n): start in ns, then open, high, low, close in ticks, and volume."""
    from datetime import date

    import numpy as np

    from barstep.data import SyntheticStream, front_contract, instrument
    from barstep.domain.bar import Timeframe

    first = date(2020, 1, 2)
    stream = SyntheticStream(
        front_contract(instrument("ES"), first), Timeframe.parse("1m"), seed=7, start=first, bars=bars
    )
    parts = [(c.start_ns, c.open, c.high, c.low, c.close, c.volume) for c in stream.chunks()]
    return np.concatenate([np.stack(part) for part in parts], axis=1)


def backtesting_run(work: str, bars: int) -> Answer:
    """backtesting.py with the same rule; the fills are its trades' entries and exits."""
    import warnings

    import pandas as pd

    warnings.simplefilter("ignore")
    from backtesting import Backtest, Strategy

    def mean(values: Any, n: int) -> Any:
        return pd.Series(values).rolling(n).mean()

    class Noop(Strategy):
        def init(self) -> None: ...
        def next(self) -> None: ...

    class Sma(Strategy):
        def init(self) -> None:
            self.quick, self.steady = (self.I(mean, self.data.Close, n) for n in (FAST, SLOW))

        def next(self) -> None:
            quick, steady = self.quick[-1], self.steady[-1]
            if quick > steady and not self.position.is_long:
                self.position.close()
                self.buy(size=1)
            elif quick < steady and not self.position.is_short:
                self.position.close()
                self.sell(size=1)

    class Orders(Strategy):
        def init(self) -> None:
            self.side = -1

        def next(self) -> None:
            if self.position:
                return
            for order in self.orders:
                order.cancel()
            self.side = -self.side
            price = self.data.Close[-1] - self.side * TICK
            send = self.buy if self.side > 0 else self.sell
            gap = self.side * BRACKET * TICK
            send(size=1, limit=price, sl=price - gap, tp=price + gap)

    start_ns, *prices, volume = columns(bars)
    frame = pd.DataFrame(dict(zip(("Open", "High", "Low", "Close"), (p * TICK for p in prices), strict=True)))
    frame["Volume"], frame.index = volume, pd.to_datetime(start_ns)
    rule = {"noop": Noop, "sma": Sma, "orders": Orders}[work]
    start = time.perf_counter()
    test = Backtest(frame, rule, cash=10_000_000, commission=0)
    result = test.run()
    seconds = time.perf_counter() - start
    left = len(result["_strategy"].trades)
    return {"seconds": seconds, "fills": 2 * int(result["# Trades"]) + left, "left": left}


def loop_run(work: str, bars: int) -> Answer:
    """The rule written into one plain loop: no orders, no account, no results; the fills are counted."""
    _, opens, highs, lows, closes, _ = (column.tolist() for column in columns(bars))
    play = {"noop": _loop_noop, "sma": _loop_sma, "orders": _loop_orders}[work]
    start = time.perf_counter()
    fills = play(opens, highs, lows, closes)
    return {"seconds": time.perf_counter() - start, "fills": fills}


def _loop_noop(opens: list[int], highs: list[int], lows: list[int], closes: list[int]) -> int:
    equity = 0
    for _open, _high, _low, close in zip(opens, highs, lows, closes, strict=True):
        equity = close
    return 0 * equity


def _loop_sma(opens: list[int], highs: list[int], lows: list[int], closes: list[int]) -> int:
    del highs, lows
    quick = steady = position = wanted = fills = cash = 0
    for row, (price, close) in enumerate(zip(opens, closes, strict=True)):
        if wanted != position:
            cash -= (wanted - position) * price
            position = wanted
            fills += 1
        quick += close - (closes[row - FAST] if row >= FAST else 0)
        steady += close - (closes[row - SLOW] if row >= SLOW else 0)
        if row >= SLOW - 1 and quick * SLOW != steady * FAST:
            wanted = 1 if quick * SLOW > steady * FAST else -1
    return fills


def _loop_orders(opens: list[int], highs: list[int], lows: list[int], closes: list[int]) -> int:
    del opens
    side, position, limit, fills = -1, 0, None, 0
    for high, low, close in zip(highs, lows, closes, strict=True):
        if position:
            below, above = limit - BRACKET, limit + BRACKET
            if low <= below or high >= above:  # one is the stop, the other the target
                position, fills = 0, fills + 1
        elif limit is not None and (low <= limit if side > 0 else high >= limit):
            position, fills = side, fills + 1
        if not position:
            side = -side
            limit = close - side
    return fills


ENGINES = {"barstep": barstep_run, "backtesting.py": backtesting_run, "plain loop": loop_run}


def child(engine: str, work: str, bars: int) -> Answer:
    """One run in a process of its own, with its peak memory in MB."""
    command = [sys.executable, __file__, "--child", engine, work, "--bars", str(bars)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise SystemExit(f"{engine} {work} failed:\n{done.stderr}")
    answer: Answer = json.loads(done.stdout.splitlines()[-1])
    return answer


def check(work: str, answers: dict[str, Answer]) -> str:
    """Whether the engines did the same work, as a line for the table; SystemExit when they did not."""
    fills = {engine: answer["fills"] for engine, answer in answers.items()}
    wanted, why = dict(fills), ""
    if work == "sma" and "backtesting.py" in fills:
        wanted["backtesting.py"] = (fills["backtesting.py"] + 1) // 2
        why = "; a flip is one fill of two contracts, in backtesting.py an exit and an entry"
    if len(set(wanted.values())) > 1:
        raise SystemExit(f"{work}: the engines did not do the same work: {fills}")
    return f"fills agree, {fills}{why}"


def measure(works: tuple[str, ...], bars: int, rounds: int) -> None:
    """Run, compare and print one table for each work."""
    engines = [e for e in ENGINES if e != "backtesting.py" or find_spec("backtesting")]
    for work in works:
        runs = [{engine: child(engine, work, bars) for engine in engines} for _ in range(rounds)]
        print(f"\n{work}: {bars:,} bars, {rounds} rounds; {check(work, runs[0])}")
        print(f"{'':16}{'seconds':>9}{'bars/s':>12}{'x backtesting.py':>18}{'x plain loop':>14}{'peak MB':>9}")
        for engine in engines:
            took = statistics.median(r[engine]["seconds"] for r in runs)
            peak = max(r[engine]["mb"] for r in runs)
            peer, loop = (_ratio(runs, engine, other) for other in ("backtesting.py", "plain loop"))
            print(f"{engine:16}{took:9.3f}{bars / took:12,.0f}{peer:>18}{loop:>14}{peak:9.0f}")


def _ratio(runs: list[dict[str, Answer]], engine: str, other: str) -> str:
    if other not in runs[0]:
        return "-"
    return f"{statistics.median(r[engine]['seconds'] / r[other]['seconds'] for r in runs):.2f}"


def memory(works: tuple[str, ...]) -> None:
    """Peak memory on ten times the bars."""
    for work in works:
        small, large = (child("barstep", work, bars)["mb"] for bars in (350_000, 3_500_000))
        print(f"{work}: peak {small:.0f} MB for 350,000 bars, {large:.0f} MB for 3,500,000 ({large - small:+.0f} MB)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=WORKS, metavar="WORK", help=f"any of {', '.join(WORKS)}")
    parser.add_argument("--bars", type=int, default=350_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="compare peak memory at 350,000 and 3,500,000 bars")
    parser.add_argument("--child", choices=ENGINES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = [work for work in given.works if work not in WORKS]
    if unknown:
        parser.error(f"{unknown[0]!r} is none of {', '.join(WORKS)}")
    if given.child:
        ENGINES[given.child](given.works[0], WARM_UP)
        answer = ENGINES[given.child](given.works[0], given.bars)
        answer["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(answer))
    elif given.memory:
        memory(tuple(given.works))
    else:
        measure(tuple(given.works), given.bars, given.rounds)


if __name__ == "__main__":
    main()

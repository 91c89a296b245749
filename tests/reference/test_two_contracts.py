"""ES and NQ on real five-minute bars in one account: a spread, and the same spread in a plain loop with exact cash."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from statistics import fmean, pstdev

import polars as pl

import barstep

ES, NQ = "ES_5m_2021-12-05_2022-01-28.parquet", "NQ_5m_2021-12-05_2022-01-28.parquet"
TICK = Fraction(1, 4)
POINT = {"ES": 50, "NQ": 20}
LOOKBACK, ENTER, LEAVE, SIZES = 60, 2.0, 0.5, {"ES": 2, "NQ": 1}
START = 100_000


def plain_loop(
    bars: dict[str, pl.DataFrame], fee: Fraction
) -> tuple[Fraction, list[tuple[object, str, int, Fraction]]]:
    """The strategy over both tables at once: decide at a common close, fill each leg at its next open and a tick."""
    rows = {name: frame.rows(named=True) for name, frame in bars.items()}
    at = {name: {row["t"]: n for n, row in enumerate(rows[name])} for name in rows}
    cash, held, fills = Fraction(START), {"ES": 0, "NQ": 0}, []

    def trade(name: str, target: int, when: object, price: float, book: Fraction) -> Fraction:
        change = target - held[name]
        if not change:
            return book
        paid = Fraction(price) + (TICK if change > 0 else -TICK)
        fills.append((when, name, change, paid))
        held[name] = target
        return book - change * paid * POINT[name] - abs(change) * fee

    gaps: deque[float] = deque(maxlen=LOOKBACK)
    for now in sorted(at["ES"].keys() & at["NQ"].keys()):
        here = {name: at[name][now] for name in rows}
        gaps.append(sum(way * SIZES[n] * rows[n][here[n]]["c"] * POINT[n] for n, way in (("ES", 1), ("NQ", -1))))
        spread = pstdev(gaps)
        if len(gaps) < LOOKBACK or not spread or any(here[name] + 1 >= len(rows[name]) for name in rows):
            continue
        away = (gaps[-1] - fmean(gaps)) / spread
        targets = None
        if abs(away) >= ENTER:
            way = -1 if away > 0 else 1
            targets = {"ES": way * SIZES["ES"], "NQ": -way * SIZES["NQ"]}
        elif abs(away) <= LEAVE:
            targets = {"ES": 0, "NQ": 0}
        for name in targets or ():
            following = rows[name][here[name] + 1]
            cash = trade(name, targets[name], following["t"], following["o"], cash)
    for name in rows:
        cash = trade(name, 0, rows[name][-1]["t"], rows[name][-1]["c"], cash)
    return cash, fills


def test_a_spread_of_es_and_nq_to_the_cent(shared, tmp_path):
    files = {"ES": shared(ES), "NQ": shared(NQ)}
    run = {
        "version": 1,
        "data": [{"instrument": name, "timeframe": "5m", "source": str(path)} for name, path in files.items()],
        "account": {"balance": START, "fees": "1.40"},
        "strategies": [
            {
                "use": "spread",
                "contract": ["ES", "NQ"],
                "options": {"lookback": LOOKBACK, "enter": ENTER, "leave": LEAVE, "size": 2, "other_size": 1},
            }
        ],
    }
    result = barstep.run(run, out=tmp_path / "run")
    bars = {name: pl.read_parquet(path).sort("t") for name, path in files.items()}
    cash, fills = plain_loop(bars, Fraction("1.40"))
    table = pl.read_parquet(result.folder / "fills.parquet")
    signed = table["size"] * table["side"].replace_strict({"buy": 1, "sell": -1}, return_dtype=pl.Int64)
    ours = zip(table["bar_start"], table["contract"].str.contains(".EP."), signed, table["price_ticks"], strict=True)
    played = sorted((when, "ES" if es else "NQ", size, ticks * TICK) for when, es, size, ticks in ours)
    assert played == sorted(fills)
    assert len(played) > 100
    assert Fraction(str(result.final_balance)) == cash
    assert result.bars == sum(frame.height for frame in bars.values())
    assert result.net_pnl == round((result.metrics["gross_pnl"] or 0) - result.fees, 2)
    equity = pl.read_parquet(result.folder / "equity.parquet")
    assert equity["equity"][-1] == equity["balance"][-1] == result.final_balance

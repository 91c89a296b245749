"""144 published trades on the first half hour in New York, reproduced by the exchange from their entries alone.

The published rule: enter at the open of the entry bar; from the bar after it on the stop first, then the target, each at
its level; else leave at the close of the last bar of the window, 10:00. That is a market order with a bracket under
`children: next_bar` and `intrabar: adverse`, no slippage, a touch fills a limit, and a flat time (R18). Six exits and
most brackets lie between MYM's ticks, so the instrument here has a tick of 0.0001.

One trade (Reversal, 3m, 29 May) enters on the window's very last bar. No bar is left to watch it in, and the log books it
out at its own entry price; the strategy here does the same by sending the way out together with the entry.
"""

from datetime import UTC, datetime, time

import polars as pl
import pytest
from desk import at, run

from barstep import Strategy, hookimpl

FINE = {"name": "MYMFINE", "tick_size": "0.0001", "tick_value": "0.00005", "session": "always"}
FILLS = {
    "market_slip_ticks": 0, "stop_slip_ticks": 0, "forced_slip_ticks": 0, "limit_through_ticks": 0, "gap_price": "limit",
    "wrong_side_stop": "trigger", "children": "next_bar", "intrabar": "adverse", "at_end": "mark",
}  # fmt: skip
WINDOW_END = {"1m": time(14, 1), "2m": time(14, 2), "3m": time(14, 3)}  # UTC: the end of the bar of 10:00 New York
LAST_BAR = time(14, 0)
CASES = [(rule, frame) for rule in ("Momentum", "Reversal") for frame in WINDOW_END]


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.fixture(scope="module")
def trades(shared):
    return pl.read_csv(shared("reference/mym_ny_open_trades_1m_2m_3m.csv"))


@pytest.fixture(scope="module")
def bars(shared, tmp_path_factory):
    """Bars of each timeframe: the file itself, and the same resampled with labels at the open."""
    minute = shared("MYMM5_1m_2025-04-30_2025-06-20.parquet")
    found = {"1m": minute}
    for frame in ("2m", "3m"):
        path = tmp_path_factory.mktemp("bars") / f"{frame}.parquet"
        whole = [pl.col("o").first(), pl.col("h").max(), pl.col("l").min(), pl.col("c").last(), pl.col("v").sum()]
        pl.read_parquet(minute).group_by_dynamic("t", every=frame).agg(whole).write_parquet(path)
        found[frame] = path
    return found


def enters_last(row):
    """Whether the entry bar is the last of the window."""
    return moment(row["entry_t"]).time() == LAST_BAR


def published_entries(rows):
    """A strategy that gives each published entry on the bar before, with the published stop and target."""
    wanted = {moment(row["entry_t"]): row for row in rows}

    class Published(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            row = wanted.get(bar.end.astimezone(UTC))
            if row is not None:
                enter, leave = (ctx.buy, ctx.sell) if row["direction"] == "long" else (ctx.sell, ctx.buy)
                enter(1, stop_loss=ctx.round_price(row["sl"]), take_profit=ctx.round_price(row["tp"]))
                if enters_last(row):
                    leave(1, reduce_only=True)

    return Published


@pytest.mark.parametrize(("rule", "frame"), CASES)
def test_the_trades_reproduce(trades, bars, tmp_path, rule, frame):
    rows = trades.filter(strategy=rule, timeframe=frame).sort("entry_t").to_dicts()
    ran = run(
        tmp_path, None, published_entries(rows),
        ("risk", {"use": "trading_hours", "options": {"flat_by": WINDOW_END[frame].strftime("%H:%M")}}),
        data={"instrument": FINE, "timeframe": frame, "source": str(bars[frame])}, fills=FILLS,
    )  # fmt: skip
    fills = ran.table("fills").to_dicts()
    assert len(fills) == 2 * len(rows)
    rules = {"session_end": "R18", "stop": "R8", "target": "R7"}
    for row, entry, out in zip(rows, fills[::2], fills[1::2], strict=True):
        assert entry["side"] == {"long": "buy", "short": "sell"}[row["direction"]]
        assert (entry["bar_start"], entry["price"]) == (moment(row["entry_t"]), row["entry_price"])
        by = "R6" if enters_last(row) else rules[row["outcome"]]
        assert (out["bar_start"], out["rule"]) == (moment(row["exit_t"]), by)
        assert out["price"] == pytest.approx(row["exit_price"], abs=1e-6, rel=0)
        way = 1 if row["direction"] == "long" else -1
        assert way * (out["price"] - entry["price"]) / abs(entry["price"] - row["sl"]) == pytest.approx(
            row["r"], abs=1e-6
        )
    assert ran.result.rejected_orders == ran.result.denied_orders == 0


def test_all_of_them_are_covered(trades):
    assert trades.height == 144
    assert trades.select(pl.struct("strategy", "timeframe").n_unique()).item() == len(CASES)
    assert trades.filter(pl.col("outcome") != "session_end").height == 6
    assert sum(enters_last(row) for row in trades.iter_rows(named=True)) == 1


def test_no_published_trade_needs_the_order_of_stop_and_target(trades, bars):
    """Stop first is the published rule, and `intrabar: adverse` keeps it; in these data no bar touches both."""
    both = 0
    for row in trades.iter_rows(named=True):
        held = pl.read_parquet(bars[row["timeframe"]]).filter(
            (pl.col("t") > moment(row["entry_t"])) & (pl.col("t") <= moment(row["exit_t"]))
        )
        low, high = sorted((row["sl"], row["tp"]))
        both += held.filter((pl.col("l") <= low) & (pl.col("h") >= high)).height
    assert both == 0


@pytest.mark.parametrize("last", [(400, 407, 392, 400), (400, 408, 393, 400)])
def test_stop_first_where_a_bar_touches_both(tmp_path, last):
    """What the data do not show, on made-up bars that reach both, whichever extreme is the nearer one."""
    plan = at({0: lambda ctx: ctx.buy(stop_loss=395, take_profit=405)})
    ran = run(tmp_path, [(400, 401, 399, 400), (400, 401, 399, 400), last], plan, fills=FILLS)
    assert ran.fills == ["1 open buy 1 @ 400 R6", "2 path sell 1 @ 395 R8"]

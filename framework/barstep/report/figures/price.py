"""The price chart: bars, trades on them, and the prices at which orders waited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.report.chart import ENTRY, STOP, TARGET, levels_of, trades_of
from barstep.report.groups import even_groups
from barstep.report.library import figure
from barstep.report.style import LIGHT, axis, escaped, layout
from barstep.report.ticks import labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from barstep.report.chart import Levels
    from barstep.report.record import Columns, RunRecord

BARS = 700
"""Price bars drawn at once; more are put together."""
TRADES = 150
"""Trades drawn at once: of more, those with the largest results."""

Trace = dict[str, Any]


def price(run: RunRecord, place: int = 0, *, trade: int | None = None, around: int = 40) -> Any:
    """Price bars with entries, exits, and the stops, targets and waiting entries of orders.

    Args:
        run: The run.
        place: Which of its contracts.
        trade: Row of a trade in `trades.parquet`: only the bars around it.
        around: Bars before and after that trade.

    Returns:
        A plotly figure. Across it counts bars, so that breaks in trading take no room; labels are in the exchange's
        zone. Where there are more than BARS bars, neighbours are one (first open, highest high, lowest low, last close).
    """
    bars = run.bars(place)
    total = len(bars) if bars is not None else int(run.result["bars"])
    low, high = 0, total
    trades = trades_of(run, place)
    if trade is not None:
        at = np.flatnonzero(trades["row"] == trade)
        if not len(at):
            raise IndexError(f"contract {run.contracts[place].name} has no trade in row {trade} of trades.parquet")
        trades = {name: column[at] for name, column in trades.items()}
        low, high = max(0, int(trades["entry_bar"][0]) - around), min(total, int(trades["exit_bar"][0]) + around + 1)
    shown = largest(trades, TRADES)
    crowded = len(shown["row"]) < len(trades["row"])  # then without their orders: zoom in for them
    data = [
        _bars(run, place, low, high),
        *_paths(shown),
        *_marks(shown),
        *_orders(levels_of(run, place, bars), low, high, crowded),
    ]
    times = bars.start_ns[low:high] if bars is not None else run.equity["time"][low:high]
    rows, texts = labels(times, run.zone)
    contract, edge = run.contracts[place], max(0.6, (high - low) / 100)
    return figure(
        data,
        layout(
            430,
            xaxis=axis(
                f"bars of {run.stored.options.data[place].timeframe}, times in {run.zone}",
                tickvals=[low + row for row in rows], ticktext=texts, range=[low - edge, high - 1 + edge], showgrid=False,
                zeroline=False, rangeslider={"visible": False},
            ),
            yaxis=axis(f"{escaped(contract.name)}, points", side="right", tickformat=",.10~g", fixedrange=True),
            hovermode="closest", dragmode="zoom",
        ),
    )  # fmt: skip


def _orders(levels: Levels, low: int, high: int, hidden: bool) -> Iterable[Trace]:
    """The prices at which orders waited between two bars: stops, targets and entries apart."""
    near = (levels.end >= low) & (levels.begin < high) & (not hidden)
    for kind, name, colour, dash in (
        (STOP, "stops", LIGHT["loss"], "solid"),
        (TARGET, "targets", LIGHT["win"], "solid"),
        (ENTRY, "waiting entries", LIGHT["muted"], "dot"),
    ):
        mine = near & (levels.kind == kind)
        across, up = segments(levels.begin[mine] - 0.5, levels.end[mine] + 0.5, levels.price[mine], levels.price[mine])
        yield _line(name, across, up, colour, dash, 1.4)


def largest(trades: Columns, most: int) -> Columns:
    """All trades, or those with the largest results, in their order."""
    if len(trades["row"]) <= most:
        return trades
    kept = np.sort(np.argsort(-np.abs(trades["net_pnl"]), kind="stable")[:most])
    return {name: column[kept] for name, column in trades.items()}


def _bars(run: RunRecord, place: int, low: int, high: int) -> Trace:
    bars = run.bars(place)
    shape: Trace = {
        "type": "candlestick", "name": "price", "showlegend": False, "whiskerwidth": 0,
        "increasing": {"line": {"color": LIGHT["rise"], "width": 1}, "fillcolor": LIGHT["paper"]},
        "decreasing": {"line": {"color": LIGHT["fall"], "width": 1}, "fillcolor": LIGHT["fall"]},
    }  # fmt: skip
    if bars is None:
        return {**shape, "x": [], "open": [], "high": [], "low": [], "close": []}
    part, tick = bars[low:high], float(run.contracts[place].instrument.tick_size)
    groups = even_groups(len(part), BARS)
    first, last = groups.first, groups.last
    return {
        **shape,
        "x": low + groups.centres,
        "open": part.open[first] * tick,
        "high": groups.highest(part.high) * tick,
        "low": groups.lowest(part.low) * tick,
        "close": part.close[last] * tick,
    }


def _paths(trades: Columns) -> Iterable[Trace]:
    """A line from entry to exit for each trade, winners and losers apart."""
    for name, mine, colour in (
        ("won", trades["net_pnl"] > 0, LIGHT["win_soft"]),
        ("lost", trades["net_pnl"] <= 0, LIGHT["loss_soft"]),
    ):
        ends = (trades[column][mine] for column in ("entry_bar", "exit_bar", "entry_price", "exit_price"))
        yield {**_line(name, *segments(*ends), colour, "solid", 2.2), "hoverinfo": "skip"}


def _marks(trades: Columns) -> Iterable[Trace]:
    buys = trades["side"] == "buy"
    everything = np.ones(len(buys), bool)
    doubt = trades["ambiguous"].astype(bool)
    for name, mine, end, mark, colour in (
        ("exit", everything, "exit", "x-thin", LIGHT["ink"]),
        ("long entry", buys, "entry", "triangle-up", LIGHT["entry"]),
        ("short entry", ~buys, "entry", "triangle-down", LIGHT["short"]),
        ("ambiguous", doubt, "exit", "circle-open", LIGHT["doubt"]),
    ):
        thin = mark.startswith("x") or mark.endswith("open")
        yield {
            "type": "scatter", "mode": "markers", "name": name, "showlegend": bool(mine.any()),
            "x": trades[f"{end}_bar"][mine], "y": trades[f"{end}_price"][mine],
            "customdata": trades["row"][mine], "text": _hover(trades, mine, end),
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {
                "symbol": mark, "size": 15 if mark == "circle-open" else 9 if thin else 11, "color": colour,
                "line": {"width": 2 if thin else 1, "color": colour if thin else LIGHT["paper"]},
            },
        }  # fmt: skip


def _hover(trades: Columns, mine: Any, end: str) -> list[str]:
    texts = []
    for row in np.flatnonzero(mine):
        did = f"{'long' if trades['side'][row] == 'buy' else 'short'} {trades['size'][row]}"
        text = f"{did}, {end} at {trades[f'{end}_price'][row]:,.10g}<br>net {trades['net_pnl'][row]:+,.2f} USD"
        if end == "exit":
            text += f"<br>{escaped(trades['exit_reason'][row])}"
        texts.append(text + ("<br>ambiguous: the bar cannot tell" if trades["ambiguous"][row] else ""))
    return texts


def segments(x0: Any, x1: Any, y0: Any, y1: Any) -> tuple[Any, Any]:
    """Separate straight lines as the two columns of one line with gaps."""
    gap = np.full(len(x0), np.nan)
    return np.column_stack((x0, x1, gap)).ravel(), np.column_stack((y0, y1, gap)).ravel()


def _line(name: str, x: Any, y: Any, colour: str, dash: str, width: float) -> Trace:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "connectgaps": False,
        "showlegend": bool(len(x)), "line": {"color": colour, "dash": dash, "width": width},
        "hovertemplate": f"{name} %{{y:,.10~g}}<extra></extra>",
    }  # fmt: skip

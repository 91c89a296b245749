"""Results of trades: how they spread, when and why they came about, and how far trades went on the way."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.report.library import figure
from barstep.report.style import BARE, LIGHT, axis, escaped, layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.report.record import RunRecord

    Floats = NDArray[np.float64]

DOTS = 4000
"""Trades drawn in a scatter; of more, those with the largest results."""
_NS = 1_000_000_000


def results(run: RunRecord) -> Any:
    """How the net results of trades spread, USD after fees; the line is the mean."""
    net = run.trades["net_pnl"]
    edges = _edges(net)
    counts, _ = np.histogram(net, edges)
    middle = (edges[:-1] + edges[1:]) / 2
    data: list[dict[str, Any]] = [{
        "type": "bar", "x": middle, "y": counts, "width": np.diff(edges) * 0.92, "name": "trades", "showlegend": False,
        "marker": {"color": [LIGHT["win"] if at >= 0 else LIGHT["loss"] for at in middle], "line": {"width": 0}},
        "customdata": np.column_stack((edges[:-1], edges[1:])),
        "hovertemplate": "%{y} trades from %{customdata[0]:,.0f} to %{customdata[1]:,.0f} USD<extra></extra>",
    }]  # fmt: skip
    mean = float(net.mean()) if len(net) else 0.0
    line = {
        "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": mean, "x1": mean,
        "line": {"color": LIGHT["ink"], "width": 1.5, "dash": "dot"},
    }  # fmt: skip
    note = {
        "x": mean, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False, "text": f"mean {mean:+,.2f} USD",
        "font": {"size": 12, "color": LIGHT["muted"]},
    }  # fmt: skip
    up = axis("trades", tickformat=",d", **({"dtick": 1} if counts.max() < _FEW else {}))
    return figure(
        data,
        layout(
            310, margin=BARE, xaxis=axis("net result of a trade, USD", tickformat=",.0f"),
            yaxis=up, shapes=[line], annotations=[note] if len(net) else [],
        ),
    )  # fmt: skip


def by_hour(run: RunRecord) -> Any:
    """Net result by the hour of entry in the exchange's zone, USD after fees, with the number of trades."""
    zone = run.stored.zone
    hours = np.array([datetime.fromtimestamp(int(t) // _NS, zone).hour for t in run.trades["entry_time"]], np.int64)
    shown = list(range(24))
    order = [*range(17, 24), *range(17)]  # as the trading day goes
    shown = [hour for hour in order if (hours == hour).any()] or order[:1]
    return _sums(run, hours, [(hour, f"{hour:02d}") for hour in shown], f"hour of entry, {run.zone}")


def by_reason(run: RunRecord) -> Any:
    """Net result by what closed the trade, USD after fees, with the number of trades."""
    reasons = run.trades["exit_reason"]
    names = sorted(set(reasons), key=lambda name: -int((reasons == name).sum()))
    if len(names) > _REASONS:
        kept = set(names[: _REASONS - 1])
        reasons = np.array([name if name in kept else "others" for name in reasons], object)
        names = [*names[: _REASONS - 1], "others"]
    return _sums(run, reasons, [(name, escaped(name)) for name in names], "what closed the trade")


_REASONS = 10
_FEW = 6
"""Below so many, counts are labelled one by one, and bars leave room."""


def excursions(run: RunRecord) -> Any:
    """How far each trade stood behind (left) and ahead (right) against what it came to, USD.

    The excursions are before fees, the result after: a dot on the dashed line closed at its worst, or at its best price.
    Ambiguous trades have a ring.
    """
    trades = run.trades
    rows = np.arange(len(trades["net_pnl"]))
    if len(rows) > DOTS:
        rows = np.sort(np.argsort(-np.abs(trades["net_pnl"]), kind="stable")[:DOTS])
    net, doubt = trades["net_pnl"][rows], trades["ambiguous"][rows].astype(bool)
    data: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    fees = float(trades["fees"][rows].mean()) if len(rows) else 0.0
    for column, tail, sign in (("mae", "", -1), ("mfe", "2", 1)):
        far = np.abs(trades[column][rows])
        reach = float(far.max(initial=0.0))
        shapes.append({
            "type": "line", "xref": f"x{tail}", "yref": f"y{tail}", "x0": 0, "x1": reach, "y0": -fees,
            "y1": sign * reach - fees, "line": {"color": LIGHT["muted"], "width": 1, "dash": "dash"},
        })  # fmt: skip
        for name, mine, colour in (("won", net > 0, LIGHT["win"]), ("lost", net <= 0, LIGHT["loss"])):
            data.append({
                "type": "scatter", "mode": "markers", "name": name, "legendgroup": name, "showlegend": not tail,
                "x": far[mine], "y": net[mine], "customdata": rows[mine], "xaxis": f"x{tail}", "yaxis": f"y{tail}",
                "cliponaxis": False, "marker": {
                    "size": 8, "color": colour, "opacity": 0.75,
                    "line": {"width": np.where(doubt[mine], 2, 0), "color": LIGHT["doubt"]},
                },
                "hovertemplate": "%{x:,.2f} USD on the way<br>net %{y:+,.2f} USD<extra></extra>",
            })  # fmt: skip
    return figure(
        data,
        layout(
            360,
            xaxis=axis("worst on the way (MAE), USD before fees", domain=[0, 0.47], tickformat=",.0f", rangemode="tozero"),
            xaxis2=axis(
                "best on the way (MFE), USD before fees", domain=[0.53, 1], anchor="y2", tickformat=",.0f",
                rangemode="tozero",
            ),
            yaxis=axis("net result, USD", tickformat=",.0f"),
            yaxis2=axis("", anchor="x2", matches="y", showticklabels=False, tickformat=",.0f"),
            shapes=shapes, hovermode="closest",
        ),
    )  # fmt: skip


def _edges(values: Floats) -> Floats:
    """Bounds of a histogram's bars, of a round width; zero is one of them, so that none holds wins and losses."""
    if not len(values):
        return np.array([-1.0, 0.0, 1.0])
    low, high = float(min(values.min(), 0)), float(max(values.max(), 0))
    wanted = max((high - low) / min(40, max(8, 2 * len(values) ** 0.5)), 0.01)
    size = 10.0 ** np.floor(np.log10(wanted))
    width = float(size * next(n for n in (1, 2, 2.5, 5, 10) if size * n >= wanted))
    edges: Floats = np.arange(np.floor(low / width), np.ceil(high / width) + 1) * width
    return edges if len(edges) > 1 else np.array([0.0, width])


def _sums(run: RunRecord, groups: Any, shown: list[tuple[Any, str]], title: str) -> Any:
    net = run.trades["net_pnl"]
    sums = [float(net[groups == key].sum()) for key, _ in shown]
    counts = [int((groups == key).sum()) for key, _ in shown]
    data = [{
        "type": "bar", "x": [name for _, name in shown], "y": sums, "customdata": counts, "showlegend": False,
        "marker": {"color": [LIGHT["win"] if total >= 0 else LIGHT["loss"] for total in sums], "line": {"width": 0}},
        "text": [f"{count:,}" for count in counts], "textposition": "outside", "cliponaxis": False,
        "textfont": {"size": 11, "color": LIGHT["muted"]},
        "hovertemplate": "%{x}: %{y:+,.2f} USD in %{customdata:,} trades<extra></extra>",
    }]  # fmt: skip
    return figure(
        data,
        layout(
            290,
            margin=BARE,
            bargap=0.12 if len(shown) >= _FEW else 0.5,
            xaxis=axis(title, type="category"),
            yaxis=axis("net result, USD", tickformat=",.0f"),
        ),
    )

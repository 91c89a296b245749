"""The report of one run."""

from __future__ import annotations

import json
import shlex
from html import escape
from typing import TYPE_CHECKING, Any

from barstep.report import payload
from barstep.report.figures import by_hour, by_reason, calendar, equity, excursions, price, results
from barstep.report.figures.trades import DOTS
from barstep.report.floor import floors
from barstep.report.html import definitions, figure_box, page, section, time_chart
from barstep.report.run_header import header
from barstep.report.stories import stories
from barstep.report.sureness import drawdowns, measures
from barstep.runs.statistics import statistics

if TYPE_CHECKING:
    from barstep.report.record import RunRecord
    from barstep.runs.statistics import Statistics

_SECTIONS = [
    ("price", "Price"), ("equity", "Equity"), ("days", "Days"), ("results", "Results"), ("parts", "Breakdowns"),
    ("excursions", "MAE, MFE"), ("trades", "Trades"), ("orders", "Orders"), ("measures", "Measures"),
    ("made", "How it was made"),
]  # fmt: skip

_KEPT = {"pessimistic": "the worse", "optimistic": "the better"}
"""Which outcome of an ambiguous bar a run kept, by `fills.intrabar`."""


def run_page(run: RunRecord) -> str:
    """The page of a run."""
    figures: dict[str, Any] = {f"price-{place}": price(run, place) for place in range(len(run.contracts))}
    figures |= {"equity": equity(run), "calendar": calendar(run)}
    has_trades = bool(len(run.trades["net_pnl"]))
    if has_trades:
        figures |= {
            "results": results(run), "hour": by_hour(run), "reason": by_reason(run), "excursions": excursions(run),
        }  # fmt: skip
    found = statistics(run.folder)
    own = {name: value for name, value in run.result["metrics"].items() if name not in found.measures}
    body = "".join(
        [
            header(run, found),
            *_charts(run, found),
            *(_trades(run) if has_trades else [_no_trades()]),
            _orders(run),
            measures(found, own),
            _made(run),
        ]
    )
    data = {
        "contracts": [payload.contract(run, place) for place in range(len(run.contracts))],
        "equity": payload.equity(run), "trades": payload.trades(run), "orders": payload.orders(run),
        "stories": stories(run), "parts": {by: [list(part) for part in parts] for by, parts in found.breakdowns.items()},
    }  # fmt: skip
    intrabar = run.stored.options.fills.options().intrabar
    shared = {
        "decimals": _decimals(run), "zone": run.zone, "folder": shlex.quote(str(run.folder)), "bars": run.result["bars"],
        "seconds": any(data.timeframe.endswith("s") for data in run.stored.options.data),
        "kept": _KEPT.get(intrabar, f"by {intrabar}"),
    }  # fmt: skip
    wanted = [each for each in _SECTIONS if has_trades or each[0] not in ("results", "parts", "excursions")]
    title = f"{run.result['name']} – barstep"
    footer = (
        "Keys: <kbd>t</kbd> light or dark, <kbd>/</kbd> filter trades, on a chart <kbd>←</kbd> <kbd>→</kbd> <kbd>+</kbd> "
        "<kbd>−</kbd> <kbd>0</kbd>, in a trade <kbd>←</kbd> <kbd>→</kbd> <kbd>Esc</kbd>."
    )
    scripts = ("bars.js", "tables.js", "trade.js", "late.js")
    return page(title, wanted, body, figures, shared=shared, data=data, scripts=scripts, footer=footer)


def _decimals(run: RunRecord) -> int:
    """Digits after the point that every contract's prices need."""
    sizes = [f"{float(each.instrument.tick_size):.7f}".rstrip("0") for each in run.contracts]
    return min(len(size.partition(".")[2]) for size in sizes)


def _charts(run: RunRecord, figures: Statistics) -> list[str]:
    found = []
    about = "Drag to zoom, double-click for all" + (", click a mark for its story." if run.result["trades"] else ".")
    if len(run.orders["id"]):
        marks = "Triangles are entries, crosses are exits, lines are stops, targets and waiting entries as long as they worked."
        about = f"{marks} {about}"
    for place, contract in enumerate(run.contracts):
        name = f"price-{place}"
        found.append(
            section(
                "price" if not place else name,
                f"{contract.name}: price, trades, orders",
                about,
                time_chart(name, f"Price bars of {contract.name} with trades", place),
            )
        )
    floor, told = floors(run)
    shown = "Equity at each bar's close, after fees, open positions included; the band is its range inside the bars. "
    shown += f"Floor: {told}. " if floor is not None else f"{told}. " if told else ""
    shown += "Drawdown: lowest equity inside a bar below the highest before it."
    found.append(section("equity", "Equity and drawdown", shown, time_chart("equity", "Equity and drawdown")))
    found.append(drawdowns(figures))
    daily = "Change of equity over each trading day by its date, USD after fees, open positions included."
    found.append(section("days", "Trading days", daily, figure_box("calendar", "Result of each trading day")))
    return found


def _trades(run: RunRecord) -> list[str]:
    count = len(run.trades["net_pnl"])
    drawn = f" Drawn are the {DOTS:,} trades with the largest results of {count:,}." if count > DOTS else ""
    shape = section(
        "results",
        "Results of trades",
        "Net, after fees. No bar holds wins and losses.",
        figure_box("results", "Histogram of results"),
    )
    reason = section(
        "reasons",
        "By what closed them",
        "Net, after fees; the number is that of trades.",
        figure_box("reason", "Results by exit reason"),
    )
    hour = section(
        "hours",
        "By hour of entry",
        "Net, after fees; the number is that of trades.",
        figure_box("hour", "Results by hour"),
    )
    parts = section(
        "parts",
        "What made and lost the money",
        "Trades apart by what they have in common; net, after fees. A * marks fewer than 30 trades: PROVISIONAL.",
        '<div class="tools" id="parts-by" role="group" aria-label="Apart by"></div><div id="parts-table"></div>',
    )
    far = section(
        "excursions", "How far trades went",
        "Each dot is a trade. On the dashed line it closed at its worst (left) or at its best (right). A ring marks an "
        "ambiguous one." + drawn,
        figure_box("excursions", "Worst and best on the way against the result"),
    )  # fmt: skip
    listed = section(
        "trades",
        "Trades",
        "Click one, or press Enter on it, for its picture and story.",
        '<div id="trades-table"></div>',
    )
    return [shape, f'<div class="pair">{reason}{hour}</div>', parts, far, listed]


def _no_trades() -> str:
    return section("trades", "Trades", "No trade was closed in this run.", '<div id="trades-table"></div>')


def _orders(run: RunRecord) -> str:
    count = len(run.orders["id"])
    note = "Every order, refused ones too, with the reason." if count else "No order was sent."
    if count > payload.MOST_ORDERS:
        note = f"The last {payload.MOST_ORDERS:,} of {count:,} orders."
    return section("orders", "Orders", note, '<div id="orders-table"></div>')


def _made(run: RunRecord) -> str:
    result = run.result
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    rows = [
        ("digest", result["digest"][:16]), ("created", manifest["created"]), ("config", manifest["config_sha256"][:16]),
        *((str(data.get("path") or data.get("kind")), str(data.get("sha256", "generated"))[:16]) for data in manifest["data"]),
        *((f"plugin {plugin['name']}", str(plugin["sha256"])[:16]) for plugin in manifest["plugins"]),
        *((name, str(text)) for name, text in manifest["versions"].items()),
    ]  # fmt: skip
    config = (run.folder / "config.resolved.yaml").read_text(encoding="utf-8")
    shown = f"<details><summary>config.resolved.yaml</summary><pre>{escape(config)}</pre></details>"
    return section(
        "made", "How it was made", "Hashes are the first 16 digits of sha256.", definitions(rows, wide=True), shown
    )

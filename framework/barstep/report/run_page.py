"""The report of one run."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

from barstep.report import payload
from barstep.report.figures import by_hour, by_reason, calendar, equity, excursions, price, results
from barstep.report.floor import floors
from barstep.report.html import card, cards, definitions, figure_box, page, says, section, time_chart
from barstep.report.stories import stories
from barstep.report.sureness import drawdowns, measures, readings, spread
from barstep.report.words import many, number, share, tone, usd, when
from barstep.runs.statistics import statistics
from barstep.stats.trades import TRADES

if TYPE_CHECKING:
    from barstep.report.record import RunRecord
    from barstep.runs.statistics import Statistics

_SECTIONS = [
    ("price", "Price"), ("equity", "Equity"), ("days", "Days"), ("results", "Results"), ("parts", "Breakdowns"),
    ("excursions", "MAE, MFE"), ("trades", "Trades"), ("orders", "Orders"), ("measures", "Measures"),
    ("made", "How it was made"),
]  # fmt: skip

_FEW = 3
"""Attempts that are told one by one; more stand in a list that opens."""

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
            _header(run, found),
            *_charts(run, found),
            *(_trades() if has_trades else [_no_trades()]),
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


def _header(run: RunRecord, found: Statistics) -> str:
    result, figures = run.result, found.measures
    what = f"{' '.join(result['contracts'])} {result['timeframe']}, {result['fill_profile']} fills, {result['bars']:,} bars"
    count, net = result["trades"], result["net_pnl"]
    doubtful = int(run.trades["ambiguous"].sum())
    doubt = [f"{share(figures['ambiguous_trades'])} of trades" if count else "", readings(found)]
    figures_told = [
        card("Net P&L", usd(net, sign=True), f"USD after fees, {usd(result['fees'])} of them", tone(net)),
        card("Trades", f"{count:,}", _sample(count)),
        card("Win rate", share(figures["win_rate"]), spread(found, "win_rate") or "trades above 0 after fees"),
        card("Profit factor", number(figures["profit_factor"]), spread(found, "profit_factor") or "wins / losses, after fees"),
        card(
            "Expectancy, USD", usd(figures["expectancy"], sign=True),
            spread(found, "expectancy") or "a trade, after fees", tone(figures["expectancy"] or 0),
        ),
        card("Max drawdown, USD", usd(figures["max_drawdown"]), "from the highest equity, inside bars"),
        card("Sharpe, yearly", number(figures["sharpe"]), spread(found, "sharpe") or many(found.days, "trading day")),
        card("Ambiguous trades", f"{doubtful:,}", "; ".join(filter(None, doubt)), "doubt" if doubtful else ""),
    ]  # fmt: skip
    remarks = "".join(says([line], kind) for kind, line in _verdicts(run)) + _attempts(run) + says(result["warnings"])
    return (
        f'<header><h1>{escape(str(result["name"]))}</h1><div class="quiet">{escape(what)}</div>'
        f'<div class="quiet">{when(result["start"])} to {when(result["end"])} ({escape(run.zone)})</div>{remarks}'
        f"{cards(figures_told)}</header>"
    )


def _verdicts(run: RunRecord) -> list[tuple[str, str]]:
    """What must not be overlooked: how it is marked (`good`, `bad` or not), and the words."""
    result = run.result
    lines: list[tuple[str, str]] = []
    if result["status"] != "done":
        lines.append(("bad", f"The run was {result['status']}: these are the figures up to then."))
    for name, size in run.held().items():
        lines.append(
            ("", f"A position is open at the end, {name} {size:+,}: it counts in equity and days, not in trades.")
        )
    failed = result["risk"].get("failed")
    if failed and not result["risk"].get("attempts"):
        breach = next((b for b in reversed(result["risk"]["breaches"]) if b["guard"] == failed), None)
        lines.append(("bad", f"The account failed by {failed}" + (f" on {when(breach['time'])}." if breach else ".")))
    return lines


def _sample(count: int) -> str:
    if not count:
        return "none was closed"
    return f"PROVISIONAL: fewer than {TRADES.least}" if count < TRADES.least else "closed round trips"


def _attempts(run: RunRecord) -> str:
    """Each attempt under a plan; many in one box that opens."""
    lines: list[tuple[str, str]] = []
    attempts = run.result["risk"].get("attempts", [])
    for each in attempts:
        by = f" by {each['rule']}" if each["rule"] else ""
        at = f" on {when(each['time'])}" if each["time"] else ""
        lines.append((
            {"passed": "good", "failed": "bad"}.get(each["verdict"], ""),
            f"Attempt {each['number']}: {each['verdict']}{by}{at}, {usd(each['net_pnl'], sign=True)} USD in "
            f"{many(each['days'], 'trading day')}{_nearest(each['headroom'])}.",
        ))  # fmt: skip
    if len(lines) <= _FEW:
        return "".join(says([line], kind) for kind, line in lines)
    ended = Counter(each["verdict"] for each in attempts)
    told = f"{many(len(attempts), 'attempt')}: {', '.join(f'{count:,} {verdict}' for verdict, count in ended.items())}"
    items = "".join(f"<p>{escape(line)}</p>" for _, line in lines)
    kind = "good" if ended["passed"] else "bad" if ended["failed"] else ""
    return says([told], kind, f"<details><summary>Each of them</summary>{items}</details>")


def _nearest(headroom: float | None) -> str:
    if headroom is None:
        return ""
    return (
        f", {usd(-headroom)} USD below its floor"
        if headroom < 0
        else f", never nearer to its floor than {usd(headroom)} USD"
    )


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


def _trades() -> list[str]:
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
        "ambiguous one.",
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

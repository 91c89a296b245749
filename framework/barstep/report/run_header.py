"""The top of a run's page: what it was, what must not be overlooked, and the headline figures."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from barstep.report.html import card, cards, says
from barstep.report.sureness import readings, spread
from barstep.report.words import many, number, share, tone, usd, when
from barstep.stats.trades import TRADES

if TYPE_CHECKING:
    from barstep.report.record import RunRecord
    from barstep.runs.statistics import Statistics

_FEW = 3
"""Attempts that are told one by one; more stand in a list that opens."""


def header(run: RunRecord, found: Statistics) -> str:
    """The name, what was played, what must not be overlooked, and the headline figures."""
    result, figures = run.result, found.measures
    what = f"{' '.join(result['contracts'])} {result['timeframe']}, {result['fill_profile']} fills, {result['bars']:,} bars"
    count, net = result["trades"], result["net_pnl"]
    doubtful = int(run.trades["ambiguous"].sum())
    doubt = [f"{share(figures['ambiguous_trades'])} of trades" if count else "", readings(found)]
    shown = [
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
        f"{cards(shown)}</header>"
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

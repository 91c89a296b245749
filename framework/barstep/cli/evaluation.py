"""An evaluation for a trader: what happened, how near it was, what each rule does. 80 columns, readable without colour."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from barstep.cli.output import columns, days, grid, moment, put

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.text import Text

Document = dict[str, Any]

_MOST = 12  # attempts in a row that are listed
_FEW, _WIDE = 3, 78  # days from which on their headroom is drawn; columns of the drawing


def show(out: Console, found: Document, floors: Path | None) -> None:
    """Print an evaluation as it stands in its document; `floors` is the table that was written."""
    from rich.text import Text

    from barstep.cli.odds import show_odds

    plan, record = found["plan"], found["record"]
    out.print()
    out.print(Text(f"{plan['title']} on {record['label']}", style="bold"), soft_wrap=True)
    seen = "marks" if record["kind"] == "trades" or record["certainty"] == "at_best" else "bars"
    changed = "".join(f", {path} = {value}" for path, value in plan["changed"].items())
    out.print(f"{plan['name']} as of {plan['as_of']}{changed}; {days(record['days'])}, {record['bars']:,} {seen}")
    out.print()
    for line in _headline(found):
        out.print(line)
    out.print()
    _figures(out, found["verdict"], record["zone"])
    _strip(out, found["by_day"])
    if found["payouts"]:
        out.print()
        out.print(_payouts(found["payouts"]))
    if len(found["attempts"]) > 1:
        _attempts(out, found["attempts"])
    _starts(out, found["every_start"], paying=found["payouts"] is not None)
    if found["what_if"]:
        _what_if(out, found)
    if "odds" in found:
        show_odds(out, found)
    if found["remarks"]:
        out.print()
        columns(out, ("", ""), [("Note", text) for text in found["remarks"]])
    if floors is not None:
        out.print()
        out.print(str(floors), soft_wrap=True)


def _headline(found: Document) -> list[Text | str]:
    from rich.text import Text

    verdict = found["verdict"]
    sure = {"exact": "", "bounded": "", "at_best": " AT BEST"}[found["record"]["certainty"]]
    if verdict["status"] == "passed":
        where = f"PASSED{sure} on day {verdict['days']}, {verdict['last_day']}"
        return [
            Text(where, style="bold green"),
            f"profit {_usd(verdict['profit'])}, needed {_plain(verdict['total_needed'])}",
        ]
    if verdict["status"] == "failed":
        failure = verdict["failure"]
        told = Text(
            f"FAILED on day {verdict['days']}, {_when(failure['time'], found['record']['zone'])}, by {failure['rule']}",
            style="bold red",
        )
        if failure["rule"] == "max_days":
            return [told, f"profit {_usd(verdict['profit'])} of {_plain(verdict['total_needed'])} when the time was up"]
        under = f"{_plain(-failure['margin'])} beyond" if failure["margin"] else "exactly at it"
        return [told, f"equity fell to {_plain(failure['equity'])}, the level was {_plain(failure['level'])}: {under}"]
    told = Text(f"STILL OPEN{sure} after {days(verdict['days'])}", style="bold yellow")
    needed = verdict["total_needed"]
    return [told, f"profit {_usd(verdict['profit'])}" + (f", needed {_plain(needed)}" if needed is not None else "")]


def _figures(out: Console, verdict: Document, zone: str) -> None:
    rows = [("Profit", _usd(verdict["profit"]), "")]
    if verdict["total_needed"] is not None:
        left = verdict["total_needed"] - verdict["profit"]
        to_go = {"open": f"{_plain(left)} to go" if left > 0 else "reached", "passed": "reached"}
        rows.append(("Total needed", _plain(verdict["total_needed"]), to_go.get(verdict["status"], "")))
    share = verdict["best_day_share"]
    rows.append(("Best day", _plain(verdict["best_day"]), f"{share:.1%} of the profit" if share is not None else ""))
    rows.append(("Days", str(verdict["days"]), f"{verdict['traded_days']} with a trade"))
    if verdict["stopped_days"]:
        rows.append(("Days stopped", str(verdict["stopped_days"]), "by the daily loss limit"))
    near = verdict["smallest_headroom"]
    if near is not None:
        where = f"{_when(near['time'], zone)}: {_plain(near['equity'])} over {_plain(near['floor'])}"
        rows.append(("Smallest headroom", _plain(near["usd"]), where))
    _right(out, rows)


def _strip(out: Console, by_day: list[Document]) -> None:
    """The smallest headroom of each day as a row of blocks, of several days where there are many."""
    rooms = [max(day["headroom"], 0.0) for day in by_day if day["headroom"] is not None]
    blocks = " ▁▂▃▄▅▆▇█" if "utf" in (out.encoding or "").lower() else " .:-=+*%#"
    if len(rooms) < _FEW or not max(rooms):
        return
    each = -(-len(rooms) // _WIDE)
    lowest = [min(rooms[first : first + each]) for first in range(0, len(rooms), each)]
    most = len(blocks) - 1
    of = "every day" if each == 1 else f"every {each} days"
    out.print()
    out.print(f"Smallest headroom of {of}, 0 to {_plain(max(rooms))}")
    out.print("".join(blocks[min(ceil(room / max(rooms) * most), most)] for room in lowest))


def _right(out: Console, rows: list[tuple[str, str, str]]) -> None:
    table = grid()
    for justify in ("left", "right", "left"):
        table.add_column(justify=justify)
    for row in rows:
        table.add_row(*row)
    put(out, table)


def _attempts(out: Console, attempts: list[Document]) -> None:
    out.print()
    out.print(f"{len(attempts)} attempts in a row: a new one begins on the day after")
    head = ("#", "from", "to", "days", "profit", "headroom", "ended")
    shown = attempts if len(attempts) <= _MOST else [*attempts[: _MOST - 1], attempts[-1]]
    rows = [
        (
            str(one["number"]), one["first_day"], one["last_day"], str(one["days"]), _usd(one["profit"], unit=""),
            _plain(one["smallest_headroom"]["usd"]) if one["smallest_headroom"] else "-", _ended(one),
        )
        for one in shown
    ]  # fmt: skip
    if len(shown) < len(attempts):
        rows.insert(-1, ("...", "", "", "", "", "", ""))
    columns(out, head, rows, right=("#", "days", "profit", "headroom"))


def _payouts(paid: Document) -> str:
    ended = "" if paid["cause"] == "open" else f"; the account is lost on day {paid['days']} by {paid['cause']}"
    if not paid["number"]:
        return f"With every payout taken at once: none was due{ended}"
    times = "1 payout" if paid["number"] == 1 else f"{paid['number']} payouts"
    first = f"the first on day {paid['first_day']}"
    return f"With every payout taken at once: {times}, {_plain(paid['paid'])} USD to you, {first}{ended}"


def _starts(out: Console, starts: Document, *, paying: bool) -> None:
    if starts["starts"] < 2:
        return
    shares = ", ".join(f"{_word(name)} {count / starts['starts']:.0%}" for name, count in starts["ended"].items())
    took = starts["days_to_pass"]
    told = f"; a pass took {took['least']} to {took['most']} days, median {took['median']}" if took else ""
    if paying:
        told = f"; {starts['paid'] / starts['starts']:.0%} saw a payout, each taken at once"
    out.print()
    out.print(f"Begun on each of the {starts['starts']:,} days: {shares}{told}")


def _what_if(out: Console, found: Document) -> None:
    out.print()
    passes = sum(attempt["status"] == "passed" for attempt in found["attempts"])
    base = (*_variant(found["verdict"]), str(passes))
    rows = [("as it is", *base)]
    for one in found["what_if"]:
        row = (*_variant(one), str(one["passes"]))
        rows.append((one["change"], *(row if row != base else ("the same", "", "", ""))))
    columns(out, ("what if", "first attempt", "day", "profit", "passes"), rows, right=("day", "profit", "passes"))


def _variant(one: Document) -> tuple[str, str, str]:
    return _ended(one), str(one["days"]), _usd(one["profit"], unit="")


def _ended(one: Document) -> str:
    return f"failed: {one['failure']['rule']}" if one["failure"] else str(one["status"])


def _word(cause: str) -> str:
    return cause if cause in ("open", "passed") else f"failed by {cause}"


def _when(text: str, zone: str) -> str:
    return moment(datetime.fromisoformat(text).astimezone(ZoneInfo(zone)))


def _usd(amount: float, *, unit: str = " USD") -> str:
    return f"{amount:+,.2f}{unit}"


def _plain(amount: float) -> str:
    return f"{amount:,.2f}"

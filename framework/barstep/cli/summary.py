"""A run's result as a compact table for a trader: 80 columns, readable without colour."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from barstep.cli.output import columns, grid, moment, put
from barstep.cli.verdicts import attempts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rich.console import Console
    from rich.text import Text

Document = dict[str, Any]

_REASONS = 3  # of rejected orders, the most frequent first


def summary(out: Console, result: Document, folder: Path | None) -> None:
    """Print the table of a result as it stands in `result.json`; the folder tells why orders were rejected."""
    from rich.text import Text

    what = f"{result['name']}  {' '.join(result['contracts'])} {result['timeframe']}"
    out.print()
    out.print(Text(f"{what}  {result['fill_profile']} fills  {result['bars']:,} bars", style="bold"))
    out.print(f"{_when(result, result['start'])} to {_when(result, result['end'])}")
    for line in _verdicts(result):
        out.print(line)
    attempts(out, result)
    out.print()
    table = grid()
    for justify in ("left", "right", "left", "right"):
        table.add_column(justify=justify)
    for left, right in zip(_money(result), _quality(result), strict=True):
        table.add_row(*left, *right)
    put(out, table)
    out.print()
    columns(out, ("", ""), _remarks(result, folder))


def _verdicts(result: Document) -> Iterable[Text]:
    """What must not be overlooked: an account that failed, a run that did not end by itself."""
    from rich.text import Text

    guard = result["risk"].get("failed")
    if guard and not result["risk"].get("attempts"):
        breach = next((b for b in reversed(result["risk"]["breaches"]) if b["guard"] == guard), None)
        when = f" at {_when(result, breach['time'])}" if breach else ""
        yield Text(f"ACCOUNT FAILED by {guard}{when}: the run ended there", style="bold red")
    if result["status"] != "done":
        yield Text(f"RUN {str(result['status']).upper()}: these are the figures up to then", style="bold yellow")


def _money(result: Document) -> list[tuple[str, Text | str]]:
    measures = result["metrics"]
    return [
        ("Net P&L", _usd(result["net_pnl"], loud=True)),
        ("Fees", _usd(-result["fees"])),
        ("Final balance", _plain(result["final_balance"])),
        ("Max drawdown, intrabar", _usd(-measures["max_drawdown"])),
        ("Expectancy per trade", _usd(measures["expectancy"])),
        ("Average win", _usd(measures["average_win"])),
        ("Average loss", _usd(measures["average_loss"])),
        ("Best trade", _usd(measures["best_trade"])),
        ("Worst trade", _usd(measures["worst_trade"])),
    ]


def _quality(result: Document) -> list[tuple[str, Text | str]]:
    measures = result["metrics"]
    return [
        ("Trades", f"{result['trades']:,}"),
        ("Win rate", _share(measures["win_rate"])),
        ("Profit factor", _number(measures["profit_factor"])),
        ("Exposure", _share(measures["exposure"])),
        ("Bars held, average", _number(measures["average_bars_held"], 1)),
        ("Longest run of wins", str(measures["longest_win_streak"])),
        ("Longest run of losses", str(measures["longest_loss_streak"])),
        ("Average best in trade (MFE)", _usd(measures["average_mfe"])),
        ("Average worst in trade (MAE)", _usd(measures["average_mae"])),
    ]


def _remarks(result: Document, folder: Path | None) -> Iterable[tuple[str, str]]:
    from barstep.runs.folder import rejections

    denials = result["risk"].get("denials", {})
    rules = ", ".join(f"{rule} {count:,}" for rule, count in denials.items())
    yield "Orders denied", f"{result['denied_orders']:,}"
    if rules:
        yield "Denied or cut by", rules
    yield "Orders rejected", f"{result['rejected_orders']:,}"
    if result["rejected_orders"] and folder is not None:
        yield from (("", f"{count:,}: {reason}") for reason, count in rejections(folder)[:_REASONS])
    yield "Ambiguous bars", f"{result['ambiguous_bars']:,}"
    for count, breach in _breaches(result):
        more = f"  (and {count - 1} more like it)" if count > 1 else ""
        yield "Guard", f"{breach['guard']}: {breach['action']} at {_when(result, breach['time'])}{more}"
    for warning in result["warnings"]:
        yield "Warning", warning


def _breaches(result: Document) -> list[tuple[int, Document]]:
    """Breaches by guard and action: how many, and the first of them."""
    found: dict[tuple[str, str], list[Document]] = {}
    for breach in result["risk"].get("breaches", []):
        found.setdefault((breach["guard"], breach["action"]), []).append(breach)
    return [(len(same), same[0]) for same in found.values()]


def _when(result: Document, text: str) -> str:
    """A stored moment with the name of the exchange's zone where the instrument is a packaged one."""
    from barstep.data import instrument, instrument_names

    when = datetime.fromisoformat(text)
    name = str(result["instrument"]).split(" ")[0]
    if name in instrument_names():
        when = when.astimezone(ZoneInfo(instrument(name).session.zone))
    return moment(when)


def _usd(amount: float | None, *, loud: bool = False) -> Text | str:
    """An amount with its sign; a loss is red on a terminal too."""
    from rich.text import Text

    if amount is None:
        return "-"
    text = f"{amount:+,.2f}" if loud or amount < 0 else f"{amount:,.2f}"
    text = "0.00" if float(text.replace(",", "")) == 0 else text
    style = "red" if text.startswith("-") else "green" if loud and amount > 0 else ""
    return Text(f"{text} USD" if loud else text, style=f"bold {style}".strip() if loud else style)


def _plain(amount: float) -> str:
    return f"{amount:,.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"

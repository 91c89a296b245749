"""A grid as a trader reads it: what it will take, its best points, and what speaks against them."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from barstep.cli.output import columns, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from barstep.batch.grid import Estimate
    from barstep.batch.rows import Row
    from barstep.batch.store import Store

_TOP = 5
_FIGURES = ("net_pnl", "max_drawdown", "trades", "profit_factor", "daily_sharpe")
_HEADS = {
    "net_pnl": "net P&L", "max_drawdown": "drawdown", "trades": "trades", "profit_factor": "profit factor",
    "daily_sharpe": "daily Sharpe",
}  # fmt: skip
_WIDTH = 78


def expected(estimate: Estimate) -> str:
    """`sma-grid: 1,000 points of 2,264 bars, 800 to play, about 40 s, 180 MB with 2 workers`."""
    parts = [f"{estimate.points:,} points of {estimate.bars:,} bars"]
    if estimate.left < estimate.points:
        parts.append(f"{estimate.left:,} to play" if estimate.left else "all finished")
    if estimate.seconds is not None and estimate.left:
        parts.append(f"about {clock(estimate.seconds)}")
    memory = f"{estimate.memory / 1e6:,.0f} MB " if estimate.memory else ""
    workers = f"{memory}with {estimate.workers} worker{'s' if estimate.workers > 1 else ''}"
    return f"{estimate.name}: {', '.join(parts)}, {workers}"


def clock(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def values(row: Row) -> str:
    """`fast = 10, slow = 30`."""
    names = [name.rpartition(".")[2] for name in row.vals]
    short = names if len(set(names)) == len(names) else list(row.vals)
    return ", ".join(f"{name} = {value}" for name, value in zip(short, row.vals.values(), strict=True))


def summary(out: Console, store: Store) -> None:
    """The whole picture of a grid."""
    from barstep.batch.honesty import first_errors, honesty

    about, (done, failed) = store.about, store.count()
    if not about:
        out.print("nothing was played yet")
        return
    out.print()
    out.print(f"{about['name']}  {about['run']} over {', '.join(about['axes'])}", style="bold", soft_wrap=True)
    out.print(f"{done:,} of {about['runs']:,} points finished, {failed:,} failed; generation {store.generation}")
    found = honesty(store)
    out.print()
    if about["walk_forward"] is not None:
        _walk_forward(out, found)
    else:
        rank = about["rank_by"]
        best_points(out, store, store.best(rank["metric"], rank["sign"], _TOP), rank["metric"])
    out.print()
    columns(out, ("", ""), _doubts(store, found))
    errors = first_errors(store)
    if errors:
        out.print()
        out.print(f"Failed points: {failed:,}", style="bold")
        for row in errors:
            out.print(f"{values(row)}: {row.error}", soft_wrap=True)


def best_points(out: Console, store: Store, rows: list[Row], metric: str, *, command: bool = False) -> None:
    """A table of points, the best first."""
    if not rows:
        out.print(f"no point has a {metric}")
        return
    figures = [metric, *(name for name in _FIGURES if name != metric)]
    head = ("point", *(_HEADS.get(name, name) for name in figures))
    table = [(values(row), *(_figure(row.metrics.get(name)) for name in figures)) for row in rows]
    columns(out, head, table, right=head[1:])
    if command:
        chosen = [*store.about["set"], *(f"{name}={_flow(value)}" for name, value in rows[0].vals.items())]
        settings = " ".join(f"--set {quote(setting)}" for setting in chosen)
        file = quote(shown(Path(store.about["file"]))) if store.about["file"] else "RUN.yaml"
        out.print()
        out.print(f"The first one alone: barstep run {file} {settings}", soft_wrap=True, markup=False, highlight=False)


def _flow(value: Any) -> str:
    """A value as `--set` takes it: a mapping or a list as in YAML on one line."""
    return str(value) if not isinstance(value, dict | list) else json.dumps(value)


def _figure(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _walk_forward(out: Console, found: dict[str, Any]) -> None:
    account = found["walk_forward"]
    rows = []
    for segment in account["segments"]:
        chosen = ", ".join(f"{name.rpartition('.')[2]} = {value}" for name, value in segment.get("values", {}).items())
        result = f"{segment['net_pnl']:+,.2f}" if "net_pnl" in segment else "-"
        ended = segment.get("error") or (f"failed by {segment['failed']}" if segment.get("failed") else "")
        rows.append((" to ".join(segment["test"]), chosen, result, f"{segment['end_balance']:,.2f}", ended))
    columns(out, ("traded", "chosen", "net P&L", "balance", ""), rows, right=("net P&L", "balance"))
    out.print()
    ratio = account["sharpe"]
    out.print(
        f"Out of sample: {account['net_pnl']:+,.2f} USD in {account['days']:,} trading days, {account['trades']:,} trades, "
        f"drawdown {account['max_drawdown_daily']:,.2f} (end of day), daily Sharpe {'-' if ratio is None else f'{ratio:.2f}'}",
        soft_wrap=True,
    )


def _doubts(store: Store, found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What speaks for and against the best figure, one line each."""
    if found.get("provisional"):
        yield "PROVISIONAL", "; ".join(found["provisional"])
    intervals = found.get("intervals")
    if intervals:
        low, high = intervals["net_pnl"]
        yield "Net P&L, 95% interval", f"{low:+,.2f} to {high:+,.2f} (stationary bootstrap of days)"
        low, high = intervals["daily_sharpe"]
        yield "Daily Sharpe, 95% interval", f"{low:+.2f} to {high:+.2f}"
    subjects = "; ".join(f"{strategy}, {data}" for strategy, data in store.about["subjects"])
    yield "Trials so far", f"{found['trials']:,} on {subjects}"
    if "walk_forward" in found:
        chance = found["walk_forward"]["probability_above_zero"]
        yield "Chance of a Sharpe above 0", "-" if chance is None else f"{chance:.0%}"
        yield from _lanes(store)
        return
    if found.get("deflated_sharpe") is not None:
        luck = found["expected_best_sharpe"]
        yield "Deflated Sharpe ratio", f"{found['deflated_sharpe']:.2f} (luck alone: a best daily Sharpe of {luck:.2f})"
    over = found.get("overfitting")
    if over:
        yield (
            "Backtest overfitting",
            f"{over['probability']:.0%} (CSCV, {over['points']:,} points, {over['splits']:,} splits)",
        )
    best = found.get("best")
    if best and best["neighbours"]["count"]:
        near = best["neighbours"]
        yield "Plateau", f"{near['count']} neighbours: median {_figure(near['median'])}, worst {_figure(near['worst'])}"
    yield from _lanes(store)


def _lanes(store: Store) -> Iterator[tuple[str, str]]:
    arrays, same = store.lanes()
    if arrays:
        yield "Lane", f"array for {arrays:,} points; {same:,} of them played again in the event lane: same digests"

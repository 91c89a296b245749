"""What a notebook shows of a result: a small table with the line of its equity, and the report's figures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from barstep.domain.errors import BarstepError, ConfigError
from barstep.report import figures
from barstep.report.groups import even_groups
from barstep.report.record import RunRecord
from barstep.report.words import number, share, usd, when

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.runs.result import RunResult

_WIDTH, _HEIGHT = 420, 60


def plot(result: RunResult, what: str) -> Any:
    """See `RunResult.plot`."""
    if what not in figures.__all__:
        raise ConfigError(f"plot: got {what!r}, expected one of {', '.join(figures.__all__)}")
    return getattr(figures, what)(RunRecord(_folder(result)))


def summary(result: RunResult) -> str:
    """The result as a table in HTML, with the line of its equity where the folder is there."""
    measures = result.metrics
    rows = [
        ("net P&L after fees", f"{usd(result.net_pnl, sign=True)} USD"),
        ("trades", f"{result.trades:,}"),
        ("win rate", share(measures.get("win_rate"))),
        ("profit factor", number(measures.get("profit_factor"))),
        ("max drawdown, inside bars", f"{usd(measures.get('max_drawdown'))} USD"),
        ("ambiguous bars", f"{result.ambiguous_bars:,}"),
    ]
    told = f"{result.name}, {' '.join(result.contracts)} {result.timeframe}, {when(result.start)} to {when(result.end)}"
    lines = "".join(
        f'<tr><td style="text-align:left">{name}</td><td style="text-align:right">{value}</td></tr>'
        for name, value in rows
    )
    state = "" if result.status == "done" else f" ({result.status})"
    warnings = "".join(f"<div>Warning: {escape(text)}</div>" for text in result.warnings)
    return f"<div><b>{escape(told + state)}</b>{_line(result)}<table>{lines}</table>{warnings}</div>"


def _folder(result: RunResult) -> Path:
    if result.folder is None or not result.folder.is_dir():
        raise ConfigError("plot: the run's folder is not there any more")
    return result.folder


def _line(result: RunResult) -> str:
    """Equity as a line, or nothing."""
    try:
        equity = RunRecord(_folder(result)).equity["equity"]
    except BarstepError:
        return ""
    values = equity[even_groups(len(equity), _WIDTH).last]
    low, high = float(values.min()), float(values.max())
    step, scale = _WIDTH / max(1, len(values) - 1), (_HEIGHT - 4) / ((high - low) or 1.0)
    points = " ".join(
        f"{n * step:.1f},{_HEIGHT - 2 - (value - low) * scale:.1f}" for n, value in enumerate(values.tolist())
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" style="display:block;margin:6px 0">'
        f'<title>equity, {usd(low)} to {usd(high)} USD</title><polyline points="{points}" fill="none" '
        f'stroke="currentColor" stroke-width="1.3"/></svg>'
    )

"""All measures of a stored run, computed from its folder when they are asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.data import SessionTable
from barstep.domain.errors import ConfigError
from barstep.domain.session import NS, to_datetime
from barstep.runs.explain.records import Records
from barstep.stats.ambiguity import Readings, readings
from barstep.stats.bootstrap import intervals
from barstep.stats.breakdown import Part, breakdown
from barstep.stats.costs import COSTS, Fills
from barstep.stats.days import DAYS, DayMeter, Days, percentiles
from barstep.stats.equity import EQUITY, Curve, Drawdown, drawdowns
from barstep.stats.measures import MICROS, Group, Measures
from barstep.stats.trades import TRADES, Trades

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from barstep.domain.session import Session

GROUPS: tuple[Group[Any], ...] = (TRADES, COSTS, EQUITY, DAYS)
"""Every measure there is, by what it reads."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a stored run came to, and how sure that is.

    Attributes:
        measures: Every figure by name, as in docs/measures.md; None where there is nothing to measure.
        intervals: 95% bootstrap intervals of the figures that have one.
        provisional: Those of them whose sample is too small to believe.
        trades, days: The sizes of the samples: closed trades, trading days with a bar.
        drawdowns: The largest on each basis: `static`, `end_of_day`, `intraday`.
        day_percentiles: The days' results, USD, at the 5th, 25th, 50th, 75th and 95th percentile.
        breakdowns: Trades by `hour`, `weekday`, `session`, `direction`, `exit_reason` and `tag`.
        readings: The net result between the pessimistic and the optimistic reading of ambiguous bars.
        zone: Of the times.
    """

    measures: Measures
    intervals: dict[str, tuple[float, float]]
    provisional: list[str]
    trades: int
    days: int
    drawdowns: dict[str, Drawdown]
    day_percentiles: dict[str, float]
    breakdowns: dict[str, list[Part]]
    readings: Readings
    zone: ZoneInfo

    def as_dict(self) -> dict[str, Any]:
        """The document that `--json` prints; times in the exchange's zone."""
        return {
            "trades": self.trades,
            "days": self.days,
            "measures": self.measures,
            "intervals": {name: list(bounds) for name, bounds in self.intervals.items()},
            "provisional": self.provisional,
            "drawdowns": {basis: self._drawdown(fall) for basis, fall in self.drawdowns.items()},
            "day_percentiles": self.day_percentiles,
            "breakdowns": {by: [part._asdict() for part in parts] for by, parts in self.breakdowns.items()},
            "readings": self.readings._asdict(),
        }

    def _drawdown(self, fall: Drawdown) -> dict[str, Any]:
        told = asdict(fall)
        for name in ("since", "lowest", "recovered"):
            ns = told.pop(f"{name}_ns")
            told[name] = None if ns is None else to_datetime(ns, self.zone).isoformat()
        return told


def statistics(folder: Path) -> Statistics:
    """All measures of a run.

    Args:
        folder: The run's folder.

    Raises:
        ConfigError, DataError: The folder lacks something, or something in it cannot be read.
    """
    run = Records(folder)
    hours = session_table(run)
    trades, days, curve, fills = trades_of(run), days_of(run), _curve(run, hours), _fills(run)
    samples: tuple[tuple[Group[Any], Any], ...] = ((TRADES, trades), (COSTS, fills), (EQUITY, curve), (DAYS, days))
    return Statistics(
        measures={name: value for group, record in samples for name, value in group.values(record).items()},
        intervals=intervals(TRADES, trades) | intervals(DAYS, days),
        provisional=[*_too_few(TRADES, len(trades)), *_too_few(DAYS, len(days))],
        trades=len(trades),
        days=len(days),
        drawdowns=drawdowns(curve),
        day_percentiles=percentiles(days),
        breakdowns=_breakdowns(run, hours, trades),
        readings=_readings(run),
        zone=run.zone,
    )


def _too_few(group: Group[Any], count: int) -> Iterable[str]:
    return [each.name for each in group.measures.values() if each.interval and count < group.least]


def session_table(run: Records) -> SessionTable:
    """The trading days of a run: those of its first contract.

    Raises:
        ConfigError: The stored configuration does not tell what was traded.
    """
    if not run.contracts:
        raise ConfigError(
            f"{run.folder}: config.resolved.yaml does not tell what was traded, so its days are not known"
        )
    return SessionTable(run.contracts[0].instrument.session)


def trades_of(run: Records) -> Trades:
    """The closed trades of a run."""
    table = run.table("trades")
    net, fees, worst, best = (_micros(table, name) for name in ("net_pnl", "fees", "mae", "mfe"))
    entered, left = (_ns(table, name) for name in ("entry_time", "exit_time"))
    bars, size, ambiguous = (table[name].to_numpy().astype(np.int64) for name in ("bars", "size", "ambiguous"))
    risk = _micros(table.with_columns(table["risk"].fill_null(0.0)), "risk") if "risk" in table.columns else 0 * size
    return Trades(net, fees, worst, best, bars, size, ambiguous, left - entered, risk)


def days_of(run: Records) -> Days:
    """The trading days of a run, without what new attempts were given."""
    return day_meter(run).days()


def day_meter(run: Records) -> DayMeter:
    """The trading days of a run, and when each opened."""
    hours = session_table(run)
    meter = DayMeter(_start(run))
    table = run.table("equity")
    ends = _ns(table, "time")
    if len(ends):
        added = _added(run, ends)
        equity, low = (_micros(table, name) - added for name in ("equity", "low"))
        meter.add(_opens(hours.between(int(ends[0]) - 1, int(ends[-1]) - 1)), ends, equity, low)
    return meter


def _curve(run: Records, hours: SessionTable) -> Curve:
    table = run.table("equity")
    ends = _ns(table, "time")
    added = _added(run, ends)
    close, low, high = (_micros(table, name) - added for name in ("equity", "low", "high"))
    day = ends
    if len(ends):
        day = np.searchsorted(_opens(hours.between(int(ends[0]) - 1, int(ends[-1]) - 1)), ends, side="left")
    begin = round(datetime.fromisoformat(run.result["start"]).timestamp()) * NS
    return Curve(_start(run), begin, ends, close, low, high, table["position"].to_numpy(), day)


def _fills(run: Records) -> Fills:
    table = run.table("fills")
    value = np.zeros(len(table), np.int64)
    for contract in run.contracts:
        value[(table["contract"] == contract.id).to_numpy()] = contract.instrument.tick_value
    sign = np.where((table["side"] == "buy").to_numpy(), 1, -1)
    return Fills(table["size"].to_numpy(), table["slip_ticks"].to_numpy() * sign, value, _micros(table, "fees"))


def _breakdowns(run: Records, hours: SessionTable, trades: Trades) -> dict[str, list[Part]]:
    table = run.table("trades")
    entered = _ns(table, "entry_time")
    order = np.argsort(entered, kind="stable")
    sessions, which, _ = hours.locate(entered[order])
    day = np.empty(len(order), np.int64)
    day[order] = which
    local = table["entry_time"].dt.convert_time_zone(run.zone.key)
    weekday = [WEEKDAYS[sessions[number].date.weekday()] for number in day.tolist()]
    regular = [_kind(sessions[number], ns) for number, ns in zip(day.tolist(), entered.tolist(), strict=True)]
    way = np.where((table["side"] == "buy").to_numpy(), "long", "short")
    text = {name: np.array(table[name].to_list(), dtype=np.str_) for name in ("exit_reason", "tag")}
    return {
        "hour": breakdown(trades, np.array(local.dt.strftime("%H:00").to_list(), np.str_)),
        "weekday": breakdown(trades, np.array(weekday, np.str_), WEEKDAYS),
        "session": breakdown(trades, np.array(regular, np.str_), ("regular", "overnight")),
        "direction": breakdown(trades, way, ("long", "short")),
        "exit_reason": breakdown(trades, text["exit_reason"]),
        "tag": breakdown(trades, text["tag"]),
    }


def _kind(session: Session, ns: int) -> str:
    return "regular" if session.regular and session.regular[0] <= ns < session.regular[1] else "overnight"


def _readings(run: Records) -> Readings:
    table = run.table("ambiguous")
    bar = table.select("contract", "at").to_struct("bar").rank("dense") if len(table) else table["at"]
    numbers = bar.cast(int).to_numpy()
    return readings(run.result["net_pnl"], numbers, table["equity"].to_numpy(), table["chosen"].to_numpy())


def _start(run: Records) -> int:
    return round(float(run.result["start_balance"]) * MICROS)


def _added(run: Records, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Micro-dollars that new attempts had been given up to each bar: no result of trading."""
    given = run.result["risk"].get("adjustments", [])
    moments = [round(datetime.fromisoformat(row["time"]).timestamp()) * NS for row in given]
    sums = np.concatenate(([0], np.cumsum([round(row["usd"] * MICROS) for row in given]))).astype(np.int64)
    added: NDArray[np.int64] = sums[np.searchsorted(moments, ends, side="left")]
    return added


def _opens(sessions: list[Session]) -> NDArray[np.int64]:
    return np.array([session.open_ns for session in sessions], np.int64)


def _micros(table: Any, name: str) -> NDArray[np.int64]:
    whole: NDArray[np.int64] = np.rint(table[name].to_numpy() * MICROS).astype(np.int64)
    return whole


def _ns(table: Any, name: str) -> NDArray[np.int64]:
    moments: NDArray[np.int64] = table[name].dt.epoch("ns").to_numpy()
    return moments

"""A run in the kernel's terms: bars and sessions, fill options, guards and what risk rules deny."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barstep.domain.instrument import micros
from barstep.domain.session import NS
from barstep.engine.array import forms
from barstep.engine.array.kernel import layout as at
from barstep.sim.guards import Guard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, time

    from numpy.typing import NDArray

    from barstep.domain.fill_options import FillOptions
    from barstep.domain.session import Session
    from barstep.engine.array.bars import ArrayBars

_SEVERITY = {"fail": at.FAIL, "lock": at.LOCK, "flatten": at.FLATTEN}
_GAPS = {"limit": at.GAP_LIMIT, "open": at.GAP_OPEN, "auction": at.GAP_AUCTION}
_PATHS = {
    "pessimistic": at.PESSIMISTIC, "nearest_extreme": at.NEAREST, "ohlc": at.OHLC, "olhc": at.OLHC,
    "candle_colour": at.COLOUR, "adverse": at.ADVERSE, "optimistic": at.OPTIMISTIC,
}  # fmt: skip


class Named(NamedTuple):
    """A form and the plugin it belongs to."""

    plugin: str
    form: forms.Form


@dataclass(slots=True)
class Account:
    """One account over one contract's bars.

    Attributes:
        bars: The bars.
        sessions, session_of: The trading days, and the row of each bar's in that list.
        options: int64, as `layout` numbers them.
        rows: Flags of bars on which nothing fills, rows at which sessions begin, rows after which all is closed.
        guards: One row each, in the order in which they act.
        guard_names: The guards as results tell of them, in that order.
        denied: For each bar a bit for each of `hours` that lets nothing open, and one more between the last bar before the
            earliest flat time and then; empty where there are none.
        caps, entries, hours: The forms that judge orders, with their plugins.
        flat_by: The form with the earliest flat time and its plugin, None when there is none.
        straddled: The first flat time in UTC nanoseconds that falls inside a bar, 0 when none does.
    """

    bars: ArrayBars
    sessions: list[Session]
    session_of: NDArray[np.int64]
    options: NDArray[np.int64]
    rows: tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]
    guards: NDArray[np.int64]
    guard_names: list[Guard]
    denied: NDArray[np.int64]
    caps: list[tuple[str, forms.PositionCap]]
    entries: list[tuple[str, forms.EntryCap]]
    hours: list[tuple[str, forms.FlatBy | forms.EntryHours]]
    flat_by: tuple[str, forms.FlatBy] | None = None
    straddled: int = 0


def options_of(
    fills: FillOptions, tick_value: int, fee: int, start: int, cap: int = at.FAR, entries: int = at.FAR
) -> NDArray[np.int64]:
    """Fill options and account as the kernel takes them; money in micro-dollars."""
    made = np.zeros(at.OPTIONS, np.int64)
    made[at.AT_CLOSE] = fills.market_fill == "current_close"
    made[at.MARKET_SLIP], made[at.STOP_SLIP] = fills.market_slip_ticks, fills.stop_slip_ticks
    made[at.FORCED_SLIP], made[at.THROUGH] = fills.forced_slip_ticks, fills.limit_through_ticks
    made[at.GAP], made[at.INTRABAR] = _GAPS[fills.gap_price], _PATHS[fills.intrabar]
    made[at.NEXT_BAR], made[at.TRAIL_AT_CLOSE] = fills.children == "next_bar", fills.trail_update == "bar_close"
    made[at.CLAMP], made[at.LATENCY] = fills.clamp_slippage, fills.latency_bars
    made[at.CLOSE_AT_END] = fills.at_end == "close"
    made[at.TICK_VALUE], made[at.FEE], made[at.START] = tick_value, fee, start
    made[at.CAP], made[at.MOST_TRADES] = cap, entries
    made.flags.writeable = False
    return made


def make_account(
    bars: ArrayBars,
    sessions: list[Session],
    session_of: NDArray[np.int64],
    shut: NDArray[np.bool_],
    fills: FillOptions,
    fee: int,
    start: int,
    rules: Sequence[Named] = (),
) -> Account:
    """Put bars, options and risk rules together.

    Args:
        bars: The bars.
        sessions, session_of: The trading days, and the row of each bar's in that list.
        shut: Bars on which nothing fills (R5).
        fills: The fill options.
        fee, start: Fee of a contract and side, and start balance, in micro-dollars.
        rules: The risk rules, in the order of the configuration.
    """
    caps = [(n.plugin, n.form) for n in rules if isinstance(n.form, forms.PositionCap)]
    entries = [(n.plugin, n.form) for n in rules if isinstance(n.form, forms.EntryCap)]
    hours = [(n.plugin, n.form) for n in rules if isinstance(n.form, forms.FlatBy | forms.EntryHours)]
    flat_by = min(
        ((n.plugin, n.form) for n in rules if isinstance(n.form, forms.FlatBy)),
        key=lambda each: (each[1].clock, each[0]),
        default=None,
    )
    guards, names = _guards(rules, start)
    cap = min((form.contracts for _, form in caps), default=at.FAR)
    most = min((form.entries for _, form in entries), default=at.FAR)
    begins = np.flatnonzero(bars.new_session)
    flats, straddled = np.empty(0, np.int64), 0
    if flat_by is not None:
        flats, straddled = flat_rows(bars, sessions, session_of, flat_by[1].clock)
    options = options_of(fills, bars.feed.contract.instrument.tick_value, fee, start, cap, most)
    after = len(bars)  # a row that is never reached
    rows = (_read_only(shut if shut.any() else shut[:0]), _read_only([*begins, after]), _read_only([*flats, after]))
    denied = _denied(bars, sessions, session_of, [form for _, form in hours])
    if flat_by is not None:
        past = denied[flats] >> hours.index(flat_by) & 1
        denied[flats[past == 0]] |= 1 << len(hours)
    return Account(
        bars,
        sessions,
        session_of,
        options,
        rows,
        guards,
        names,
        _read_only(denied),
        caps,
        entries,
        hours,
        flat_by,
        straddled,
    )


def flat_rows(
    bars: ArrayBars, sessions: list[Session], session_of: NDArray[np.int64], clock: time
) -> tuple[NDArray[np.int64], int]:
    """The bars after which everything is closed: in each trading day the last to end by the flat time (R18).

    Returns:
        Their rows, and the first of the moments that a bar of its session straddles, 0 when none does.
    """
    begins = [*np.flatnonzero(bars.new_session).tolist(), len(bars)]
    ends, found, straddled = bars.end_ns, set[int](), 0
    for start, stop in pairwise(begins):
        for flat_ns in sessions[int(session_of[start])].flat_moments(clock):
            row = start + int(np.searchsorted(ends[start:stop], flat_ns, side="right")) - 1
            if row < start or (row == len(bars) - 1 and ends[row] < flat_ns):
                continue  # no bar by then; or bars that are not there might have come before: R25 closes instead
            found.add(row)
            if row + 1 < stop and bars.start_ns[row + 1] < flat_ns and not straddled:
                straddled = flat_ns
    return np.array(sorted(found), np.int64), straddled


def _guards(rules: Sequence[Named], start: int) -> tuple[NDArray[np.int64], list[Guard]]:
    """The guards by how hard they act, then by name: the order in which they go where nothing else decides."""
    found: list[tuple[Guard, int, int]] = []
    for plugin, form in rules:
        if isinstance(form, forms.GuardForm):
            trail, until = (None if usd is None else micros(usd) for usd in (form.trail, form.trail_until))
            guard = Guard(form.name, form.basis, micros(form.level), form.side, form.action, trail, plugin, until)
            found.append((guard, -1, at.NEVER if until is None else until))
    for plugin, form in rules:
        if isinstance(form, forms.BalanceFloor):
            below = micros(form.below) + (0 if form.touch else 1)
            stop = at.NEVER if form.lock is None else start + micros(form.lock) - (0 if form.touch else 1)
            guard = Guard(form.name, "equity", start - below, "floor", "fail", None, plugin)
            found.append((guard, below if form.follows else -1, stop))
    found.sort(key=lambda each: (_SEVERITY[each[0].action], each[0].name, each[0].plugin))
    rows = np.zeros((len(found), at.GUARD), np.int64)
    for row, (guard, below, stop) in zip(rows, found, strict=True):
        row[at.G_CAP], row[at.G_DAY] = guard.side == "cap", guard.basis == "day"
        row[at.G_LEVEL] = row[at.G_BASE] = guard.level
        row[at.G_ACTION], row[at.G_BELOW], row[at.G_STOP] = _SEVERITY[guard.action], below, stop
        row[at.G_TRAIL] = -1 if guard.trail is None else guard.trail
        row[at.G_START] = start
    return rows, [guard for guard, _, _ in found]


def _denied(
    bars: ArrayBars,
    sessions: list[Session],
    session_of: NDArray[np.int64],
    hours: Sequence[forms.FlatBy | forms.EntryHours],
) -> NDArray[np.int64]:
    """For each bar a bit for each form that lets nothing open at its end."""
    if not hours:
        return np.empty(0, np.int64)
    flags = np.zeros(len(bars), np.int64)
    begins = [*np.flatnonzero(bars.new_session).tolist(), len(bars)]
    for start, stop in pairwise(begins):
        session, clocks = sessions[int(session_of[start])], bars.end_ns[start:stop]
        for bit, form in enumerate(hours):
            if isinstance(form, forms.FlatBy):
                for opens, closes in session.flat_spans(form.clock):  # both ends included
                    first, last = np.searchsorted(clocks, opens), np.searchsorted(clocks, closes, side="right")
                    flags[start + int(first) : start + int(last)] |= 1 << bit
            else:
                early = 0 if form.first is None else int(np.searchsorted(clocks, _ns(session.at(form.first))))
                late = stop - start if form.last is None else int(np.searchsorted(clocks, _ns(session.at(form.last))))
                flags[start : start + early] |= 1 << bit
                flags[start + late : stop] |= 1 << bit
    return flags


def _ns(moment: datetime) -> int:
    """UTC nanoseconds of a datetime of whole seconds."""
    return int(moment.timestamp()) * NS


def _read_only(values: Any) -> NDArray[Any]:
    view = np.ascontiguousarray(values)[:]
    view.flags.writeable = False
    return view

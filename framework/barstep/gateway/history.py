"""History/retrieveBars: bars that are complete on the replay's clock, of any length the replay's bars make up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barstep import data
from barstep.broker.enums import BarUnit
from barstep.broker.forms import iso, zone_of
from barstep.broker.wire import GatewayError, done
from barstep.domain.session import NS
from barstep.gateway import contracts
from barstep.gateway.endpoints import MAX_BARS
from barstep.gateway.seats import RefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns
    from barstep.gateway.seats import Call
    from barstep.gateway.session import Session

    Table = tuple[NDArray[np.int64], ...]
    """Start, end of the period, open, high, low, close and volume of each bar; prices in ticks."""

_SECONDS = {BarUnit.SECOND: 1, BarUnit.MINUTE: 60, BarUnit.HOUR: 3600, BarUnit.DAY: 86_400}
_NAMES = {BarUnit.SECOND: "second", BarUnit.MINUTE: "minute", BarUnit.HOUR: "hour", BarUnit.DAY: "day"}
MOST_UNITS = 100_000


def retrieve(call: Call) -> dict[str, Any]:
    """Answer the bars of a window. `endTime` acts as a clock: a bar that is not complete by then is not there yet."""
    values, live = call.values, call.live
    session = _session(call)
    seconds = _length(session, values["unit"], values["unitNumber"])
    back = None if live else values["barsBack"]
    if back is not None and values["startTime"] is not None:
        raise GatewayError(400, "barsBack and startTime: found both, expected one of them")
    most = _most("barsBack", back, _most("limit", values["limit"], MAX_BARS))
    clock = session.clock_ns
    until = clock if values["endTime"] is None else min(values["endTime"], clock)
    rows = session.history[: session.index]
    rows = rows[: int(np.searchsorted(rows.end_ns, until, "right"))]
    first = values["startTime"]
    forward = first is not None and not live
    table = _bars(session, rows, values["unit"], seconds, values["unitNumber"], None if first is not None else most)
    keep = table[1] <= until
    if values["includePartialBar"] and len(keep):
        keep[-1] = True
    if first is not None:
        keep &= table[0] >= first
    table = tuple(column[keep] for column in table)
    table = tuple(column[:most] if forward else column[max(0, len(column) - most) :] for column in table)
    forms = _forms(session, table, zone_of(live))
    return done(bars=forms[::-1] if live else forms)


def _session(call: Call) -> Session:
    """The caller's replay of the contract whose clock bounds the answer, see `Call.in_view`."""
    wanted, seen = call.values["contractId"], call.in_view()
    for session in seen:
        if session.contract.id == wanted:
            return session
    if contracts.find(call, wanted) is None:
        raise RefusedError(1, f"there is no contract {wanted!r}: see Contract/search")
    if call.values["accountId"] is not None:
        have = seen[0].contract.id if seen else "nothing yet"
        number = call.values["accountId"]
        raise RefusedError(1, f"no replay of {wanted} was started on account {number} (it has {have})")
    if any(seat.session is not None and seat.session.contract.id == wanted for seat in call.own):
        told = f"your replay of {wanted} has ended while another runs: name its accountId to read its bars"
        raise RefusedError(1, told)
    have = ", ".join(session.contract.id for session in seen) or "none"
    raise RefusedError(1, f"no replay of {wanted} was started (yours: {have}): call Replay/start first")


def _most(name: str, asked: int | None, most: int) -> int:
    if asked is None:
        return most
    if not 1 <= asked <= MAX_BARS:
        raise RefusedError(4, f"{name} {asked}: expected 1 to {MAX_BARS:,}")
    return min(asked, most)


def _length(session: Session, unit: int, number: int) -> int:
    """Seconds of the bars asked for, a multiple of the replay's own."""
    if unit not in _SECONDS:
        told = ", ".join(f"{int(known)} {name}" for known, name in _NAMES.items())
        raise RefusedError(2, f"unit {unit}: expected {told}")
    base = session.stream.feed.timeframe
    if not 1 <= number <= MOST_UNITS:
        raise RefusedError(3, f"unitNumber {number}: expected 1 to {MOST_UNITS:,}")
    seconds = _SECONDS[BarUnit(unit)] * number
    if seconds % base.seconds:
        raise RefusedError(
            3, f"unitNumber {number}: this replay plays {base.text} bars, so only multiples of {base.text} can be made"
        )
    return seconds


def _bars(
    session: Session, rows: BarColumns, unit: int, seconds: int, number: int, back: int | None
) -> tuple[NDArray[np.int64], ...]:
    """The bars of a length, with the end of each one's period; only as many rows as `back` bars need are looked at."""
    base = session.stream.feed.timeframe
    if seconds == base.seconds:
        return (rows.start_ns, rows.end_ns, rows.open, rows.high, rows.low, rows.close, rows.volume)
    if unit == BarUnit.DAY:
        starts, ends, group = _days(session, rows, number)
    else:
        if back is not None:
            rows = rows[max(0, len(rows) - (back + 2) * (seconds // base.seconds)) :]
        length = seconds * NS
        group = rows.start_ns // length
        starts, ends = group * length, (group + 1) * length
    if not len(rows):
        return (starts, ends, rows.open, rows.high, rows.low, rows.close, rows.volume)
    firsts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    lasts = np.append(firsts[1:], len(group)) - 1
    return (
        starts[firsts], ends[firsts], rows.open[firsts], np.maximum.reduceat(rows.high, firsts),
        np.minimum.reduceat(rows.low, firsts), rows.close[lasts], np.add.reduceat(rows.volume, firsts),
    )  # fmt: skip


def _days(
    session: Session, rows: BarColumns, number: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each row: open and close of its period of trading days, counted from the replay's first, and its number."""
    table = data.SessionTable(session.contract.instrument.session)
    found, index, _ = table.locate(rows.start_ns)
    opens = np.array([day.open_ns for day in found], np.int64)
    closes = np.array([day.close_ns for day in found], np.int64)
    group = index // number
    head, tail = group * number, np.minimum((group + 1) * number, len(found)) - 1
    full = (group + 1) * number <= len(found)  # of a period whose last days have not begun no end is known
    ends = np.where(full, closes[tail] if len(found) else 0, np.iinfo(np.int64).max)
    return (opens[head] if len(found) else head), ends, group


def _forms(session: Session, table: tuple[NDArray[np.int64], ...], zone: str) -> list[dict[str, Any]]:
    tick = session.contract.instrument.tick_size
    prices = [(column * tick.numerator / tick.denominator).tolist() for column in table[2:6]]
    times = [iso(ns, zone) for ns in table[0].tolist()]
    walked = zip(times, *prices, table[6].tolist(), strict=True)
    return [{"t": t, "o": o, "h": h, "l": l, "c": c, "v": v} for t, o, h, l, c, v in walked]  # noqa: E741
